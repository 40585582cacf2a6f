/* SPDX-License-Identifier: Apache-2.0 */
#ifdef HAVE_SQLITE
#include "imagetool/attest/sqlite_api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "libutil/macro.h"

#define SQLITE_SONAME "libsqlite3.so.0"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define X(name) { #name, offsetof(struct sqlite_api, name) },
	SQLITE_FUNCTIONS(X)
#undef X
};

bool sqlite_api_load(struct sqlite_api *ret)
{
	void *library = dlopen(SQLITE_SONAME, RTLD_LAZY | RTLD_LOCAL);

	for (size_t i = 0; library && i < ARRAY_LEN(functions); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return false;
		/* As in registry/curl_api.c: POSIX promises the same bits. */
		memcpy((char *)ret + functions[i].offset, &function, sizeof(function));
	}
	return library;
}
#endif
