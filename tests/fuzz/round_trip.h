/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol buffers there and back: whatever comes is taken or refused whole, and what is taken is
 * written as something that means the same. */
#ifndef FUZZ_ROUND_TRIP_H
#define FUZZ_ROUND_TRIP_H

#include <stdlib.h>
#include <string.h>

#include "libutil/protobuf.h"

static inline void round_trip(const struct pb_message *m, const void *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf once = { 0 }, twice = { 0 };
	void *first = arena_alloc(&a, 1, m->size), *second = arena_alloc(&a, 1, m->size);
	struct err e = { 0 };

	if (pb_decode(m, data, size, &a, first, &e) < 0) {
		if (e.code <= 0 || e.msg[0] == '\0')
			abort();
		return;
	}
	pb_encode(m, first, &once);
	/* Overlong numbers and unknown fields make the input longer than what it says; a packed
	 * number may take a key of its own. */
	if (once.len > size * 4 + 64 ||
	    pb_decode(m, once.data ? once.data : "", once.len, &a, second, &e) < 0)
		abort();
	pb_encode(m, second, &twice);
	if (twice.len != once.len || (once.len && memcmp(once.data, twice.data, once.len) != 0))
		abort();
}

#endif
