/* SPDX-License-Identifier: Apache-2.0 */
/* Caches of builds, whole and as images have them; what was read is written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/result/cache_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cache_config *c)
{
	for (size_t i = 0; i < c->n_records; i++) {
		const struct cache_record *r = &c->records[i];

		if (!r->key[0])
			continue;
		if (r->layer != CACHE_NONE && (r->layer < 0 || (size_t)r->layer >= c->n_layers))
			abort();
		if (r->link != CACHE_NONE && (r->link < 0 || (size_t)r->link >= c->n_records))
			abort();
	}
	for (size_t i = 0; i < c->n_layers; i++)
		if (digest_check(c->layers[i].digest, NULL) < 0 || c->layers[i].size < 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct cache_config c;
	struct err e = { 0 };

	if (cache_config_decode("x", (const char *)data, size, &a, &c, &e) >= 0)
		check(&c);
	else if (!e.code)
		abort();
	e = (struct err){ 0 };
	if (cache_records_decode("x", (const char *)data, size, 3, &a, &c, &e) >= 0) {
		c.n_layers = 3;
		for (size_t i = 0; i < c.n_records; i++)
			if (c.records[i].key[0] && c.records[i].layer >= 3)
				abort();
	}
	return 0;
}
