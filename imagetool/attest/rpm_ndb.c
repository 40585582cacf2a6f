/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm's own data base ("ndb", Packages.db): pages of slots, each saying which package lies in
 * which blocks, then the packages, each between a head and a tail.  Numbers are little-endian.
 */
#include <endian.h>
#include <stdint.h>

#include "imagetool/attest/rpm.h"

#define MAGIC      "RpmP"
#define SLOT_MAGIC "Slot"
#define HEAD_MAGIC "BlbS"
#define PAGE_SIZE  ((size_t)4096)
#define BLOCK_SIZE ((size_t)16)
#define SLOT_SIZE  ((size_t)16)
#define FIRST_SLOT ((size_t)2) /* the file's header lies where two would be */
#define HEAD_SIZE  ((size_t)16)
#define TAIL_SIZE  ((size_t)12)

static uint32_t number_at(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return le32toh(n);
}

bool rpm_is_ndb(const struct rpm_file *f)
{
	return f->len >= PAGE_SIZE && memcmp(f->bytes, MAGIC, 4) == 0 &&
	       number_at(f->bytes + 4) == 0;
}

/* The blocks of a slot lie within the file, and hold what the slot says: how long it is, or 0. */
static size_t blob_len(const struct rpm_file *f, const unsigned char *slot)
{
	size_t at = number_at(slot + 8) * BLOCK_SIZE, size = number_at(slot + 12) * BLOCK_SIZE;
	size_t len;

	if (at > f->len || size > f->len - at || size < HEAD_SIZE + TAIL_SIZE)
		return 0;
	if (memcmp(f->bytes + at, HEAD_MAGIC, 4) != 0 ||
	    memcmp(f->bytes + at + 4, slot + 4, 4) != 0)
		return 0;
	len = number_at(f->bytes + at + 12);
	return len <= size - HEAD_SIZE - TAIL_SIZE ? len : 0;
}

static int read_slot(struct rpm_file *f, const unsigned char *slot, struct err *e)
{
	size_t at = number_at(slot + 8) * BLOCK_SIZE, len;

	if (at == 0) /* free */
		return 0;
	len = blob_len(f, slot);
	if (len == 0) {
		f->why = RPM_DAMAGED;
		return 0;
	}
	return rpm_file_header(f, f->bytes + at + HEAD_SIZE, len, e);
}

int rpm_read_ndb(struct rpm_file *f, struct err *e)
{
	size_t n = number_at(f->bytes + 12) * (PAGE_SIZE / SLOT_SIZE);
	int r = 0;

	for (size_t i = FIRST_SLOT; i < n && r == 0; i++) {
		const unsigned char *slot = f->bytes + i * SLOT_SIZE;

		if ((i + 1) * SLOT_SIZE > f->len || memcmp(slot, SLOT_MAGIC, 4) != 0) {
			f->why = RPM_DAMAGED;
			break;
		}
		r = read_slot(f, slot, e);
	}
	return r < 0 ? r : 0;
}
