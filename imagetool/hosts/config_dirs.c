/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/hosts/config_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/path.h"

char *config_user_path(const char *rest)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config && path_is_absolute(config))
		return path_join(config, rest);
	if (home && path_is_absolute(home)) {
		autofree char *dir = path_join(home, ".config");

		return path_join(dir, rest);
	}
	return NULL;
}

struct listing {
	const char *dir, *suffix;
	struct strv *list;
};

static int take(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		struct err *e UNUSED)
{
	struct listing *l = ctx;
	size_t len = strlen(name), end = strlen(l->suffix);

	if (name[0] != '.' && len > end && streq(name + len - end, l->suffix))
		strv_add_owned(l->list, path_join(l->dir, name));
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int config_list(const char *dir, const char *suffix, struct strv *ret, struct err *e)
{
	struct listing l = { .dir = dir, .suffix = suffix, .list = ret };
	size_t before = ret->n;
	autofd int fd = dir_open_at(AT_FDCWD, dir, e);
	int r = fd;

	if (r == -ENOENT || r == -ENOTDIR) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = dir_each(fd, take, &l, e);
	if (r >= 0 && ret->n > before)
		qsort(ret->v + before, ret->n - before, sizeof(*ret->v), compare);
	return r;
}
