/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/cpulist.h"

#include <limits.h>

#include "libutil/alloc.h"
#include "libutil/parse.h"
#include "libutil/strv.h"

#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

size_t cpulist_bytes(const struct cpulist *l)
{
	return (l->n_bits + WORD_BITS - 1) / WORD_BITS * sizeof(unsigned long);
}

/* "5" or "5-9" */
static int parse_range(char *text, uint32_t *ret_first, uint32_t *ret_last)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash++ = '\0';
	if (parse_u32(text, ret_first) < 0 || parse_u32(dash ? dash : text, ret_last) < 0)
		return -EINVAL;
	return *ret_last < *ret_first || *ret_last >= CPULIST_MAX ? -ERANGE : 0;
}

static void set_bits(struct cpulist *l, uint32_t first, uint32_t last)
{
	size_t old = cpulist_bytes(l);
	size_t now;

	if (last + 1 > l->n_bits)
		l->n_bits = last + 1;
	now = cpulist_bytes(l);
	if (now > old) {
		l->bits = xreallocarray(l->bits, now, 1);
		memset((char *)l->bits + old, 0, now - old);
	}
	for (uint32_t i = first; l->bits && i <= last; i++)
		l->bits[i / WORD_BITS] |= 1ul << (i % WORD_BITS);
}

int cpulist_parse(const char *text, struct cpulist *ret, struct err *e)
{
	auto_(strv) struct strv parts = { 0 };
	auto_(cpulist) struct cpulist l = { 0 };

	if (text[0])
		strv_split(&parts, text, ',', false);
	for (size_t i = 0; i < parts.n; i++) {
		uint32_t first;
		uint32_t last;

		if (parse_range(parts.v[i], &first, &last) < 0)
			return err_set(e, EINVAL, "'%s' is not a list like 0-3,8", text);
		set_bits(&l, first, last);
	}
	*ret = l;
	l = (struct cpulist){ 0 };
	return 0;
}
