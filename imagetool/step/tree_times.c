/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/tree_times.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"

#define DEPTH_MAX 1024

struct level {
	struct timespec times[2];
	unsigned depth;
};

static int set_below(int fd, const struct level *l, struct err *e);

static int set_one(int dirfd, const char *name, unsigned char type UNUSED, void *ctx, struct err *e)
{
	const struct level *l = ctx;
	autofd int fd =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r = fd >= 0 ? set_below(fd, l, e) : 0;

	if (r >= 0 && utimensat(dirfd, name, l->times, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_sys(e, "set times of '%.200s'", name);
	return r;
}

static int set_below(int fd, const struct level *l, struct err *e)
{
	struct level below = *l;

	if (++below.depth > DEPTH_MAX)
		return err_set(e, E2BIG, "directories lie more than %d deep", DEPTH_MAX);
	return dir_each(fd, set_one, &below, e);
}

int tree_set_times(int dirfd, time_t seconds, struct err *e)
{
	const struct timespec t = { .tv_sec = seconds };
	const struct level l = { .times = { t, t } };
	int r = set_below(dirfd, &l, e);

	if (r >= 0 && futimens(dirfd, l.times) < 0)
		r = err_sys(e, "set times");
	return r;
}
