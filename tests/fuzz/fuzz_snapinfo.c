/* SPDX-License-Identifier: Apache-2.0 */
/* The info file of a snapshot: what is read is written, and read again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/snapshot/info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(snapshot_info) struct snapshot_info one = { 0 }, two = { 0 };
	auto_(strbuf) struct strbuf first = { 0 }, second = { 0 };
	struct err e = { 0 };
	int r = snapshot_info_decode((const char *)data, size, &one, &e);

	if (r < 0) {
		if (e.code != -r || !e.msg[0])
			abort();
		return 0;
	}
	for (size_t i = 0; i < one.whiteout_dirs.n; i++)
		if (one.whiteout_dirs.v[i][0] == '/' || streq(one.whiteout_dirs.v[i], ".."))
			abort();
	snapshot_info_encode(&one, &first);
	if (strbuf_check(&first, "info", NULL) < 0)
		return 0;
	if (snapshot_info_decode(first.data, first.len, &two, &e) < 0)
		abort();
	snapshot_info_encode(&two, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	return 0;
}
