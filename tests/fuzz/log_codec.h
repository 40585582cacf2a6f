/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of the log formats share. */
#ifndef TESTS_FUZZ_LOG_CODEC_H
#define TESTS_FUZZ_LOG_CODEC_H

#include <stdlib.h>

#include "shim/log/codec.h"

#define ROOM ((size_t)64 << 10)

static inline void read_any(const struct log_codec *c, const char *text, size_t len)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct log_record l;
	uint64_t skip = 1;
	ssize_t n = 1;

	for (size_t at = 0; at < len; at += (size_t)n) {
		n = c->read(text + at, len - at, &l);
		if (n <= 0)
			return;
		if ((size_t)n > len - at || text[at + (size_t)n - 1] != '\n')
			abort();
		if (l.text < text + at || l.text + l.len >= text + at + n || l.time_len == 0)
			abort();
		log_record_text(&l, &skip, &out);
	}
}

static inline void write_log(const struct log_codec *c, const char *data, size_t len, size_t step,
			     struct strbuf *log)
{
	static char buf[ROOM];
	struct log_head h;

	c->begin(&h, STREAM_STDOUT, "2026-01-02T03:04:05.000000006Z");
	for (size_t from = 0; from < len; from += step) {
		size_t batch = len - from < step ? len - from : step;

		for (size_t done = 0, used = 0; done < batch; done += used) {
			struct batch b;

			batch_init(&b, buf, sizeof(buf));
			used = c->fill(&b, &h, data + from + done, batch - done, SIZE_MAX);
			if (used == 0 || b.n > BATCH_IOV || b.used > sizeof(buf))
				abort();
			for (size_t i = 0; i < b.n; i++)
				strbuf_add(log, b.iov[i].iov_base, b.iov[i].iov_len);
		}
	}
}

static inline void read_back(const struct log_codec *c, const struct strbuf *log,
			     struct strbuf *text)
{
	struct log_record l;
	uint64_t skip = 0;

	for (size_t at = 0; at < log->len;) {
		ssize_t n = c->read(log->data + at, log->len - at, &l);

		if (n <= 0)
			abort();
		log_record_text(&l, &skip, text);
		at += (size_t)n;
	}
}

#endif
