/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes from one run to the next: STORE/build/stat/<hash of the context's path>. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "imagetool/context/internal.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/sha256.h"

#define KEPT_DIR "build/stat"

/* The path that the descriptor has now, whatever links led to it. */
static char *file_name(int rootfd)
{
	char link[FD_PATH_SIZE], path[PATH_MAX], hex[SHA256_TEXT_SIZE];
	ssize_t n = readlink(fd_path(rootfd, link), path, sizeof(path));

	if (n <= 0)
		return NULL;
	sha256_hex(path, (size_t)n, hex);
	return xasprintf("%s/%s", KEPT_DIR, hex);
}

void context_load(struct context *c)
{
	char *data = NULL;
	size_t len = 0, at = 0;

	c->cache_name = c->store ? file_name(c->rootfd) : NULL;
	if (!c->cache_name ||
	    file_read_at(store_dirfd(c->store), c->cache_name, STAT_CACHE_MAX, &data, &len, NULL) <
		    0 ||
	    stat_cache_parse(data, len, &c->cache, NULL) < 0)
		return;
	for (size_t i = 0; i < c->list.n; i++)
		if (S_ISREG(c->list.files[i]->mode))
			c->list.files[i]->hash = stat_cache_find(&c->cache, c->list.files[i], &at);
}

int context_save(struct context *c, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = STAT_CACHE_MAX };
	int r;

	if (!c->cache_name || c->hashed == 0)
		return 0;
	stat_cache_encode(&c->cache, (const struct context_file *const *)c->list.files, c->list.n,
			  c->begun, &text);
	r = strbuf_check(&text, "hashes", e);
	if (r >= 0)
		r = dir_make_all_at(store_dirfd(c->store), KEPT_DIR, 0700, e);
	/* Not synced: what a crash damages is ignored. */
	if (r >= 0)
		r = file_replace_at(store_dirfd(c->store), c->cache_name, text.data, text.len, 0600,
				    FILE_NO_SYNC, e);
	return r < 0 ? err_wrap(e, r, "keep hashes in '%s'", store_path(c->store)) : 0;
}
