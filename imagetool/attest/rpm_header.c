/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rpm keeps of a package: two numbers, so many entries, so many bytes that the entries point
 * into.  All numbers are big-endian.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>

#include "imagetool/attest/packages.h"

#define PREFIX_SIZE 8
#define ENTRY_SIZE  16
#define ENTRIES_MAX 0xffffU
#define TYPE_INT32  4
#define TYPE_STRING 6

struct header {
	const unsigned char *entries, *data;
	size_t n, len;
};

/* The few tags that are of use. */
#define TAGS(X)                                                                                    \
	X(NAME, 1000, TYPE_STRING)                                                                 \
	X(VERSION, 1001, TYPE_STRING)                                                              \
	X(RELEASE, 1002, TYPE_STRING)                                                              \
	X(EPOCH, 1003, TYPE_INT32)                                                                 \
	X(LICENSE, 1014, TYPE_STRING)                                                              \
	X(ARCH, 1022, TYPE_STRING)                                                                 \
	X(SOURCE, 1044, TYPE_STRING)

enum tag {
#define X(tag, number, type) TAG_##tag,
	TAGS(X)
#undef X
		TAG_COUNT
};

static const struct {
	uint32_t number, type;
} tags[] = {
#define X(tag, number, type) [TAG_##tag] = { (number), (type) },
	TAGS(X)
#undef X
};

static uint32_t number_at(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

static int open_header(const unsigned char *p, size_t len, struct header *ret, struct err *e)
{
	bool has_prefix = len >= PREFIX_SIZE;

	*ret = (struct header){ .n = has_prefix ? number_at(p) : 0,
				.len = has_prefix ? number_at(p + 4) : 0 };
	if (!has_prefix || ret->n > ENTRIES_MAX ||
	    ret->n * ENTRY_SIZE + ret->len > len - PREFIX_SIZE)
		return err_set(e, EBADMSG, "a header of rpm is damaged");
	ret->entries = p + PREFIX_SIZE;
	ret->data = ret->entries + ret->n * ENTRY_SIZE;
	return 0;
}

/* The entry's value, when it is all there: a text with its end, or a number. */
static const unsigned char *value_of(const struct header *h, const unsigned char *entry)
{
	size_t type = number_at(entry + 4), at = number_at(entry + 8);

	if (at >= h->len || number_at(entry + 12) == 0)
		return NULL;
	if (type == TYPE_INT32)
		return h->len - at >= sizeof(uint32_t) ? h->data + at : NULL;
	return memchr(h->data + at, '\0', h->len - at) ? h->data + at : NULL;
}

/* The first entry of a tag counts, whatever its value is worth: looking for the end of a text that
 * has none is done once. */
static void find_values(const struct header *h, const unsigned char *ret[TAG_COUNT])
{
	bool seen[TAG_COUNT] = { false };

	for (size_t i = 0; i < h->n; i++) {
		const unsigned char *entry = h->entries + i * ENTRY_SIZE;

		for (size_t t = 0; t < TAG_COUNT; t++)
			if (number_at(entry) == tags[t].number &&
			    number_at(entry + 4) == tags[t].type && !seen[t]) {
				seen[t] = true;
				ret[t] = value_of(h, entry);
			}
	}
}

/* Values that lie on one another make much out of a small header. */
static bool is_more_than_there_is(const struct header *h, const unsigned char *const v[TAG_COUNT])
{
	size_t sum = 0;

	for (size_t t = 0; t < TAG_COUNT; t++)
		if (v[t] && tags[t].type == TYPE_STRING)
			sum += strlen((const char *)v[t]) + 1;
	return sum > h->len;
}

int parse_rpm_header(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e)
{
	const unsigned char *values[TAG_COUNT] = { NULL };
#define TEXT(tag) ((const char *)values[TAG_##tag])
	struct package one = { .kind = PACKAGE_RPM, .where = where };
	struct header h;
	int r = open_header((const unsigned char *)text, len, &h, e);

	if (r < 0)
		return r;
	find_values(&h, values);
	if (is_more_than_there_is(&h, values))
		return err_set(e, EBADMSG, "a header of rpm is damaged");
	if (!TEXT(NAME) || !TEXT(VERSION) || !TEXT(RELEASE))
		return err_set(e, EBADMSG, "a header of rpm names no package");
	/* Keys that packages are checked with are no software. */
	if (streq(TEXT(NAME), "gpg-pubkey"))
		return 0;
	one.name = TEXT(NAME);
	one.version = arena_printf(&p->arena, "%s-%s", TEXT(VERSION), TEXT(RELEASE));
	if (values[TAG_EPOCH])
		one.epoch = arena_printf(&p->arena, "%" PRIu32, number_at(values[TAG_EPOCH]));
	one.arch = TEXT(ARCH);
	one.license = TEXT(LICENSE);
	one.origin = TEXT(SOURCE);
#undef TEXT
	return packages_add(p, &one, e);
}
