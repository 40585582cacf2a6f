/* SPDX-License-Identifier: Apache-2.0 */
/* A record of a build: what is read is written, and read again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/store/build_cache.h"
#include "imagetool/store/snapshot_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What becomes a path has to be a name. */
static void check(const struct build_record *r)
{
	if (!build_key_is_legal(r->key))
		abort();
	if (r->snapshot && r->snapshot[0] && !snapshot_key_is_legal(r->snapshot))
		abort();
	for (size_t i = 0; i < r->n_layers; i++)
		if (digest_check(r->layers[i].digest, NULL) < 0 ||
		    digest_check(r->layers[i].diff_id, NULL) < 0 || r->layers[i].size < 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(build_record) struct build_record one = { 0 }, two = { 0 };
	auto_(strbuf) struct strbuf first = { 0 }, second = { 0 };
	struct err e = { 0 };
	int r = build_record_decode((const char *)data, size, &one, &e);

	if (r < 0) {
		if (e.code != -r || !e.msg[0])
			abort();
		return 0;
	}
	check(&one);
	build_record_encode(&one, &first);
	if (strbuf_check(&first, "record", NULL) < 0)
		return 0;
	if (build_record_decode(first.data, first.len, &two, &e) < 0)
		abort();
	build_record_encode(&two, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	return 0;
}
