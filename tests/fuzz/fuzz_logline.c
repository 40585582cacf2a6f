/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two promises of the log format.  Any text is read record by record to its end
 * or to an error, never beyond what is there.  And any bytes that are written
 * as a log, in pieces as the input's first byte says, read back exactly.
 */
#include <stdint.h>
#include <stdlib.h>

#include "libutil/strbuf.h"
#include "shim/io/logline.h"

#define IOV_MAX_HERE 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_any(const char *text, size_t len)
{
	struct logline l;
	ssize_t n = 1;

	for (size_t at = 0; at < len && n > 0; at += (size_t)n) {
		n = logline_read(text + at, len - at, &l);
		if (n <= 0)
			return;
		if ((size_t)n > len - at || text[at + (size_t)n - 1] != '\n')
			abort();
		if (l.text < text + at || l.text + l.len + 1 != text + at + n || l.time_len == 0)
			abort();
	}
}

static void write_log(const char *data, size_t len, size_t step, struct strbuf *log)
{
	struct logline_heads h;

	logline_heads(&h, STREAM_STDOUT, (struct timespec){ .tv_sec = 1 });
	for (size_t from = 0; from < len; from += step) {
		size_t batch = len - from < step ? len - from : step;

		for (size_t done = 0, used = 0; done < batch; done += used) {
			struct iovec iov[IOV_MAX_HERE];
			size_t n = logline_fill(iov, IOV_MAX_HERE, &h, data + from + done,
						batch - done, &used);

			if (used == 0 || n > IOV_MAX_HERE)
				abort();
			for (size_t i = 0; i < n; i++)
				strbuf_add(log, iov[i].iov_base, iov[i].iov_len);
		}
	}
}

static void read_back(const struct strbuf *log, const char *data, size_t len)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct logline l;

	for (size_t at = 0; at < log->len;) {
		ssize_t n = logline_read(log->data + at, log->len - at, &l);

		if (n <= 0)
			abort();
		strbuf_add(&text, l.text, l.len);
		if (!l.partial)
			strbuf_addc(&text, '\n');
		at += (size_t)n;
	}
	if (text.len != len || (len > 0 && memcmp(text.data, data, len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(strbuf) struct strbuf log = { 0 };
	const char *text = (const char *)data;

	if (size == 0)
		return 0;
	read_any(text, size);
	write_log(text + 1, size - 1, (size_t)data[0] + 1, &log);
	read_back(&log, text + 1, size - 1);
	return 0;
}
