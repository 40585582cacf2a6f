/* SPDX-License-Identifier: Apache-2.0 */
/* Repositories as Dockerfiles name them: whatever comes out must be safe to hand to git. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "imagetool/dockerfile/git_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	char *text = arena_strndup(&a, (const char *)data, size);
	struct git_url u;

	if (git_url_parse(text, &a, &u, NULL) != 1)
		return 0;
	assert(u.ref[0] != '-' && u.remote[0] != '-');
	assert(!strchr(u.ref, '\n') && !strstr(u.ref, ".."));
	assert(u.subdir[0] != '/' && strncmp(u.subdir, "..", 3) != 0);
	assert(strncmp(u.subdir, "../", 3) != 0 && !strstr(u.subdir, "/../"));
	return 0;
}
