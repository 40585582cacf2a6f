/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry answers to a search. */
#include <stdint.h>
#include <stdlib.h>

#include "imagetool/registry/search.h"

#define LIMIT 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(search_hits) struct search_hits hits = { 0 };
	struct err e = { 0 };
	int r = search_parse((const char *)data, size, LIMIT, &hits, &e);

	if ((r < 0 && !e.code) || hits.n > LIMIT)
		abort();
	for (size_t i = 0; i < hits.n; i++) {
		auto_(image_reference) struct image_reference ref = { 0 };

		if (reference_parse(hits.items[i].name, &ref, NULL) < 0)
			abort();
	}
	return 0;
}
