/* SPDX-License-Identifier: Apache-2.0 */
/* A .dockerignore up to the first NUL byte, asked about the path behind it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/dockerfile/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the rules mean, without the ways round it. */
static bool excludes(const struct ignore *ig, const char *path)
{
	for (size_t i = ig->n; i-- > 0;)
		for (size_t len = 1; len <= strlen(path); len++)
			if ((path[len] == '/' || !path[len]) &&
			    pattern_match(ig->rules[i].pattern, path, len))
				return !ig->rules[i].keep;
	return false;
}

static void compare(const struct ignore *ig, const char *path)
{
	autofree bool *covers = xcalloc(ig->n + 1, sizeof(bool));
	autofree char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');

	/* Paths are clean. */
	if (!*path || *path == '/' || strstr(path, "//"))
		return;
	*(slash ? slash : dir) = '\0';
	ignore_covers(ig, dir, covers);
	if (ignore_excludes(ig, path) != excludes(ig, path) ||
	    ignore_excludes_in(ig, covers, path) != excludes(ig, path))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t file = nul ? (size_t)(nul - data) : size;
	autofree char *path =
		xstrndup((const char *)data + file + (nul ? 1 : 0), nul ? size - file - 1 : 0);
	auto_(arena) struct arena a = { 0 };
	struct ignore ig;
	struct err e = { 0 };

	if (ignore_parse((const char *)data, file, &a, &ig, &e) < 0) {
		if (!e.code)
			abort();
		return 0;
	}
	compare(&ig, path);
	/* What is pruned holds nothing that is wanted. */
	if (ignore_excludes(&ig, path) && ignore_prunes(&ig, path)) {
		autofree char *below = xasprintf("%s/x", path);

		if (!ignore_excludes(&ig, below))
			abort();
	}
	return 0;
}
