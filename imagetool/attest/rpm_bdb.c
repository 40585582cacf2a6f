/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash of Berkeley DB ("Packages"): pages of keys and values in turn.  Values that do not fit,
 * which headers hardly do, lie on chains of pages of their own.  Numbers are as the machine that
 * wrote them had them.  The keys are of no use here, so all pages are read as they come.
 */
#include <endian.h>
#include <stdint.h>
#include <stdlib.h>

#include "imagetool/attest/rpm.h"

#define HASH_MAGIC          0x061561U
#define META_SIZE           72
#define HEAD_SIZE           ((size_t)26) /* of each page */
#define PAGE_MIN            ((size_t)512)
#define PAGE_MAX            ((size_t)65536)
#define KEY_SIZE            4 /* the value of key 0 is the highest number given, and no longer */
#define PAGE_UNSORTED       2 /* types of pages */
#define PAGE_OVERFLOW       7
#define PAGE_HASH           13
#define ITEM_HERE           1 /* types of items */
#define ITEM_ELSEWHERE      3
#define ITEM_ELSEWHERE_SIZE 12

struct bdb {
	struct rpm_file *file;
	size_t page_size, n_pages;
	size_t n_chained; /* pages of chains that were followed */
	bool big;         /* endian */
};

static uint32_t number(bool big, const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return big ? be32toh(n) : le32toh(n);
}

static uint16_t short_number(bool big, const unsigned char *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof(n));
	return big ? be16toh(n) : le16toh(n);
}

bool rpm_is_bdb(const struct rpm_file *f)
{
	return f->len >= META_SIZE && (number(false, f->bytes + 12) == HASH_MAGIC ||
				       number(true, f->bytes + 12) == HASH_MAGIC);
}

static bool open_bdb(struct rpm_file *f, struct bdb *ret)
{
	bool big = number(true, f->bytes + 12) == HASH_MAGIC;
	size_t size = number(big, f->bytes + 20);

	if (size < PAGE_MIN || size > PAGE_MAX || (size & (size - 1)) != 0)
		return false;
	*ret = (struct bdb){ .file = f, .page_size = size, .n_pages = f->len / size, .big = big };
	return true;
}

static const unsigned char *page_at(const struct bdb *b, size_t number)
{
	return b->file->bytes + number * b->page_size;
}

/* ---- Chains ---- */

/* `len` bytes from page `at` on; NULL: the chain is damaged. */
static unsigned char *read_chain(struct bdb *b, size_t at, size_t len)
{
	autofree unsigned char *text = NULL;
	size_t have = 0;

	if (len > RPM_HEADER_MAX || len > b->file->len)
		return NULL;
	text = xcalloc(len + 1, 1);
	while (have < len) {
		const unsigned char *page = page_at(b, at);
		size_t here;

		if (at == 0 || at >= b->n_pages || page[25] != PAGE_OVERFLOW ||
		    b->n_chained++ >= b->n_pages)
			return NULL;
		here = short_number(b->big, page + 22);
		if (here == 0 || here > b->page_size - HEAD_SIZE || here > len - have)
			return NULL;
		memcpy(text + have, page + HEAD_SIZE, here);
		have += here;
		at = number(b->big, page + 16);
	}
	return steal_ptr(&text);
}

/* ---- Items ---- */

static int damaged(const struct bdb *b)
{
	b->file->why = RPM_DAMAGED;
	return 1;
}

static int read_elsewhere(struct bdb *b, const unsigned char *item, struct err *e)
{
	size_t len = number(b->big, item + 8);
	autofree unsigned char *text = read_chain(b, number(b->big, item + 4), len);

	return text ? rpm_file_header(b->file, text, len, e) : damaged(b);
}

/* It ends where the one before it begins: they are put into the page from its end. */
static int read_item(struct bdb *b, const unsigned char *page, size_t i, struct err *e)
{
	size_t begin = short_number(b->big, page + HEAD_SIZE + 2 * i);
	size_t end = short_number(b->big, page + HEAD_SIZE + 2 * (i - 1));

	if (begin < HEAD_SIZE || begin >= end || end > b->page_size)
		return damaged(b);
	if (page[begin] == ITEM_ELSEWHERE && end - begin >= ITEM_ELSEWHERE_SIZE)
		return read_elsewhere(b, page + begin, e);
	if (page[begin] != ITEM_HERE)
		return damaged(b);
	if (end - begin - 1 == KEY_SIZE)
		return 0;
	return rpm_file_header(b->file, page + begin + 1, end - begin - 1, e);
}

static int read_page(struct bdb *b, const unsigned char *page, struct err *e)
{
	size_t n = short_number(b->big, page + 20);
	int r = 0;

	if (page[25] != PAGE_HASH && page[25] != PAGE_UNSORTED)
		return 0;
	if (n > (b->page_size - HEAD_SIZE) / 2)
		return damaged(b);
	for (size_t i = 1; i < n && r == 0; i += 2)
		r = read_item(b, page, i, e);
	return r;
}

int rpm_read_bdb(struct rpm_file *f, struct err *e)
{
	struct bdb b;
	int r = 0;

	if (!open_bdb(f, &b)) {
		f->why = RPM_DAMAGED;
		return 0;
	}
	for (size_t i = 1; i < b.n_pages && r == 0; i++)
		r = read_page(&b, page_at(&b, i), e);
	return r < 0 ? r : 0;
}
