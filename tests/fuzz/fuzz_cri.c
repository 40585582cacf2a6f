/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two promises of the k8s-file format.  Any text is read record by record to
 * its end or to an error, never beyond what is there.  And any bytes that are
 * written as a log, in pieces as the input's first byte says, read back exactly.
 */
#include <stdint.h>

#include "tests/fuzz/log_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(strbuf) struct strbuf log = { 0 }, text = { 0 };
	const char *in = (const char *)data;

	if (size == 0)
		return 0;
	read_any(&log_codec_cri, in, size);
	write_log(&log_codec_cri, in + 1, size - 1, (size_t)data[0] + 1, &log);
	read_back(&log_codec_cri, &log, &text);
	if (text.len != size - 1 || (text.len > 0 && memcmp(text.data, in + 1, text.len) != 0))
		abort();
	return 0;
}
