/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same two promises of the json-file format, but that what is not UTF-8
 * comes back as replacement characters: so the second is kept for what was
 * written once already.  And skipping counts the bytes of the container.
 */
#include <stdint.h>

#include "tests/fuzz/log_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All of a log but its first bytes, as many as the container wrote: the end of it. */
static void skip_from(const struct strbuf *log, uint64_t skip, const struct strbuf *all)
{
	auto_(strbuf) struct strbuf rest = { 0 };
	struct log_record l;

	for (size_t at = 0; at < log->len;) {
		ssize_t n = log_codec_json.read(log->data + at, log->len - at, &l);

		if (n <= 0)
			abort();
		log_record_text(&l, &skip, &rest);
		at += (size_t)n;
	}
	if (rest.len > all->len ||
	    (rest.len > 0 && memcmp(rest.data, all->data + all->len - rest.len, rest.len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(strbuf) struct strbuf log = { 0 }, once = { 0 }, again = { 0 }, twice = { 0 };
	const char *in = (const char *)data;

	if (size == 0)
		return 0;
	read_any(&log_codec_json, in, size);
	write_log(&log_codec_json, in + 1, size - 1, (size_t)data[0] + 1, &log);
	read_back(&log_codec_json, &log, &once);
	skip_from(&log, data[0], &once);
	write_log(&log_codec_json, strbuf_str(&once), once.len, once.len + 1, &again);
	read_back(&log_codec_json, &again, &twice);
	if (twice.len != once.len || (once.len > 0 && memcmp(once.data, twice.data, once.len) != 0))
		abort();
	return 0;
}
