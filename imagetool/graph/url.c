/* SPDX-License-Identifier: Apache-2.0 */
/* What a source of ADD is: a path, a file on the web, or a git repository. */
#include <ctype.h>
#include <string.h>

#include "imagetool/dockerfile/git_url.h"
#include "imagetool/graph/internal.h"
#include "libutil/path.h"

#define NO_NAME        "__unnamed__"
#define NAME_BYTES_MAX 255

int source_kind_of(const char *text, struct arena *a, enum source_kind *ret_kind,
		   struct vertex_git *ret, bool *ret_keeps, struct err *e)
{
	struct git_url u;
	int r = git_url_parse(text, a, &u, e);

	if (r < 0)
		return r;
	*ret_keeps = false;
	if (r == 0 || u.looks_local) {
		*ret_kind = starts_with(text, "http://") || starts_with(text, "https://")
				    ? SOURCE_HTTP
				    : SOURCE_PATH;
		return 0;
	}
	*ret_kind = SOURCE_GIT;
	*ret_keeps = u.keep_git_dir != GIT_FLAG_UNSET;
	*ret = (struct vertex_git){
		.url = u.remote,
		.ref = u.ref,
		.subdir = u.subdir,
		.checksum = u.checksum,
		.keep_git_dir = u.keep_git_dir == GIT_FLAG_YES,
		.submodules = u.submodules != GIT_FLAG_NO,
		.mtime_commit = u.mtime_commit,
		.fetch_by_commit = u.fetch_by_commit,
	};
	return 0;
}

/* ---- Names of downloads ---- */

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent signs undone; control characters stay encoded. */
static char *decoded(const char *text, size_t len)
{
	char *ret = xstrndup(text, len), *to = ret;

	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' && i + 2 < len ? hex_digit(text[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

		if (low >= 0 && high >= 2 && high * 16 + low != 0x7f) {
			*to++ = (char)(high * 16 + low);
			i += 2;
		} else {
			*to++ = text[i];
		}
	}
	*to = '\0';
	return ret;
}

/* One component without surprises, whatever the URL holds. */
const char *url_file_name(const char *text, struct arena *a)
{
	const char *path = strstr(text, "://");
	autofree char *name = NULL, *clean = NULL;
	const char *base;

	path = path ? path + 3 : text;
	path += strcspn(path, "/?#");
	name = decoded(path, strcspn(path, "?#"));
	clean = path_clean(name);
	base = strrchr(clean, '/');
	base = base ? base + 1 : clean;
	if (!*base || streq(base, ".") || streq(base, "..") || strlen(base) > NAME_BYTES_MAX)
		return NO_NAME;
	return arena_strdup(a, base);
}
