/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a stream is taken apart or refused; what comes out is whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "shim/io/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xstrndup((const char *)data, size);
	auto_(uri) struct uri u = { 0 };
	struct err e = { 0 };

	if (uri_parse(text, &u, &e) < 0) {
		if (!e.code || u.path || u.args.n)
			abort();
		return 0;
	}
	if ((u.kind == URI_NONE) != !u.path || u.args.n % 2)
		abort();
	if ((u.kind == URI_FILE || u.kind == URI_BINARY) && u.path[0] != '/')
		abort();
	return 0;
}
