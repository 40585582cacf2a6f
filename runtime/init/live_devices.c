/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "runtime/init/live_acts.h"
#include "runtime/init/mount.h"

static const struct spec_device *device(const struct live *l, size_t i)
{
	return (const struct spec_device *)l->in.linux_->devices.items + i;
}

static bool is_device(const struct spec_device *d, const struct stat *st)
{
	if (d->type[0] == 'p')
		return S_ISFIFO(st->st_mode);
	return (d->type[0] == 'b' ? S_ISBLK(st->st_mode) : S_ISCHR(st->st_mode)) &&
	       st->st_rdev == makedev((unsigned)d->major.v, (unsigned)d->minor.v);
}

static int open_tree_of(const struct spec_device *d, const char *path, struct err *e)
{
	/* A link counts as what it leads to, as when the host was asked for its numbers. */
	autofd int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "device '%s' of the host", path);
	if (!is_device(d, &st))
		return err_set(e, ENODEV, "the host has another device at '%s'", path);
	return mount_clone(fd, false, e);
}

/* A user namespace makes no devices. */
int live_device_prepare(struct live *l, struct err *e)
{
	size_t n = l->in.linux_->devices.n;

	l->trees = xcalloc(n + 1, sizeof(*l->trees));
	for (size_t i = 0; init_in_userns(&l->in) && i < n; i++) {
		const struct spec_device *d = device(l, i);
		int r = d->type[0] == 'p' ? 0 : open_tree_of(d, l->job->host_paths[i], e);

		if (r < 0)
			return r;
		l->trees[i] = r;
	}
	return 0;
}

/* What is there and is another device, or none, is not ours to remove. */
static int remove_node(const struct live *l, const struct spec_device *d, struct err *e)
{
	autofree char *name = NULL;
	autofd int dirfd = beneath_open_parent(l->in.rootfd, d->path, BENEATH_CHROOT, &name, e);
	autofd int fd = dirfd < 0 ? -1 : openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (dirfd == -ENOENT || (dirfd >= 0 && fd < 0 && errno == ENOENT)) {
		err_clear(e);
		return 0;
	}
	if (dirfd < 0)
		return dirfd;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "device '%s'", d->path);
	if (!is_device(d, &st))
		return err_set(e, EEXIST, "something else is at '%s' now: it is left", d->path);
	r = live_is_mount(fd, e);
	if (r > 0 && init_in_userns(&l->in))
		r = live_detach(l, fd, e);
	if (r >= 0 && unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		r = err_sys(e, "remove device '%s'", d->path);
	return r < 0 ? r : 0;
}

int live_device_make(struct live *l, struct err *e)
{
	size_t n = l->in.linux_->devices.n;
	autofree bool *made = xcalloc(n + 1, sizeof(*made));

	for (size_t i = 0; i < n; i++) {
		/* A link in the container could lead into a volume: the host would get the node. */
		int r = dev_make(&l->in, device(l, i), l->trees[i], BENEATH_STRICT, e);

		made[i] = r > 0;
		if (r >= 0)
			continue;
		while (i-- > 0)
			if (made[i])
				(void)remove_node(l, device(l, i), NULL);
		return r;
	}
	return 0;
}

int live_device_remove(struct live *l, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < l->in.linux_->devices.n; i++)
		r = remove_node(l, device(l, i), e);
	return r;
}
