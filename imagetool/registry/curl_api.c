/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/curl_api.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/crypto.h>

#define CURL_SONAME "libcurl.so.4"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define X(name) { #name, offsetof(struct curl_api, name) },
	CURL_FUNCTIONS(X)
#undef X
};

int curl_api_load(struct curl_api *ret, struct err *e)
{
	/* Most of what its thirty libraries can do is never called. */
	void *library = dlopen(CURL_SONAME, RTLD_LAZY | RTLD_LOCAL);
	struct curl_api api = { 0 };

	if (!library)
		return err_set(e, ENOPKG, "registries need libcurl (Debian: libcurl4): %s",
			       dlerror());
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return err_set(e, ENOPKG, CURL_SONAME " has no function '%s'",
				       functions[i].name);
		/* ISO C converts no data pointer to a function pointer; POSIX promises the same
		 * bits. */
		memcpy((char *)&api + functions[i].offset, &function, sizeof(function));
	}
	/* It would tidy up its memory before the process ends, which takes a millisecond. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	if (api.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ENOPKG, "libcurl does not initialise");
	*ret = api;
	return 0;
}
