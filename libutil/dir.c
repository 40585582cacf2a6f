/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/dir.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/random.h"

#define TEMP_TRIES 16

int dir_open_at(int dirfd, const char *path, struct err *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open directory '%s'", path);
	return fd;
}

/* One mkdir(2); what is there already has to be a directory. */
static int make_one(int dirfd, const char *path, mode_t mode, struct err *e)
{
	struct stat st;

	if (mkdirat(dirfd, path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "make directory '%s'", path);
	if (fstatat(dirfd, path, &st, 0) < 0)
		return err_sys(e, "stat '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "make directory '%s': something else is there", path);
	return 0;
}

int dir_make_all_at(int dirfd, const char *path, mode_t mode, struct err *e)
{
	autofree char *copy = NULL;
	int r;

	/* Mostly everything but the last component is there. */
	r = make_one(dirfd, path, mode, e);
	if (r != -ENOENT || path[0] == '\0')
		return r;
	err_clear(e);
	copy = xstrdup(path);
	for (char *at = copy + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		r = make_one(dirfd, copy, mode, e);
		if (r < 0)
			return r;
		*at = '/';
	}
	return make_one(dirfd, copy, mode, e);
}

int dir_each(int dirfd, dir_entry_fn *fn, void *ctx, struct err *e)
{
	/* A descriptor of its own: the caller's may be O_PATH, and its offset stays. */
	autofd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = NULL;
	const struct dirent *entry;
	int own;

	if (fd < 0)
		return err_sys(e, "open directory to list it");
	d = fdopendir(fd);
	if (!d)
		return err_sys(e, "list a directory");
	own = steal_fd(&fd);
	while ((void)(errno = 0), (entry = readdir(d))) {
		int r;

		if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
			continue;
		r = fn(own, entry->d_name, entry->d_type, ctx, e);
		if (r != 0)
			return r;
	}
	if (errno != 0)
		return err_sys(e, "list a directory");
	return 0;
}

int dir_make_temp_at(int dirfd, const char *prefix, mode_t mode, char **ret_name, struct err *e)
{
	char suffix[RANDOM_NAME_SIZE];

	for (int i = 0; i < TEMP_TRIES; i++) {
		autofree char *name = xasprintf("%s%s", prefix, random_name(suffix));

		if (mkdirat(dirfd, name, mode) == 0) {
			*ret_name = steal_ptr(&name);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return err_sys(e, "make a temporary directory '%s…'", prefix);
}
