/* SPDX-License-Identifier: Apache-2.0 */
/* A file of hashes: as it stands, and with the sum that it would need to be believed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/context/stat_cache.h"
#include "libutil/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(char *text, size_t len)
{
	auto_(stat_cache) struct stat_cache c = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	const struct context_file file = { .path = "a/b", .link = "", .mode = S_IFREG | 0644 };
	const struct context_file *files[] = { &file };
	struct err e = { 0 };
	size_t at = 0;

	if (stat_cache_parse(text, len, &c, &e) < 0) {
		if (!e.code)
			abort();
		return;
	}
	(void)stat_cache_find(&c, &file, &at);
	stat_cache_encode(&c, files, 1, c.begun, &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xcalloc(size + 1, 1), *summed = xcalloc(size + CONTEXT_HASH_SIZE, 1);

	if (size > 0) {
		memcpy(text, data, size);
		memcpy(summed, data, size);
	}
	digest_bytes_of(DIGEST_SHA256, summed, size, (uint8_t *)summed + size);
	parse(text, size);
	parse(summed, size + CONTEXT_HASH_SIZE);
	return 0;
}
