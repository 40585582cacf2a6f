/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/mount/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "imagetool/mount/overlay.h"
#include "imagetool/store/lease.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/ids.h"
#include "libutil/path.h"

#define HOME_ID_LEN 32

/* ---- Made ---- */

/* One image that is read-only is mounted once, a place once; what is written is of its own. */
static int name_home(const struct image *img, const char *target, bool writable,
		     char id[LEASE_ID_SIZE], struct err *e)
{
	const char *hex = strchr(img->selected->digest, ':');

	if (target)
		lease_id_of(target, id);
	else if (writable)
		return id_random(id, HOME_ID_LEN, e);
	else
		(void)snprintf(id, LEASE_ID_SIZE, "%.*s", HOME_ID_LEN, hex ? hex + 1 : "");
	return 0;
}

static char *homes_of(const struct store *s)
{
	autofree char *top = path_absolute(store_path(s));

	return path_join(top, HOME_MOUNTS);
}

static int make_home(const struct home *h, struct err *e)
{
	autofd int fd = -1;

	if (mkdir(h->path, 0700) < 0)
		return err_sys(e, "make directory '%s'", h->path);
	fd = dir_open_at(AT_FDCWD, h->path, e);
	if (fd < 0)
		return fd;
	if (!h->target && mkdirat(fd, HOME_ROOTFS, 0755) < 0)
		return err_sys(e, "make directory '%s/%s'", h->path, HOME_ROOTFS);
	return home_write(h, fd, e);
}

static void remove_home(struct store *s, const struct home *h)
{
	char id[LEASE_ID_SIZE];

	(void)dir_remove_all_at(AT_FDCWD, h->path, NULL);
	lease_id_of(h->path, id);
	(void)lease_drop(s, id, NULL);
}

static int found_one(int dirfd UNUSED, const char *name UNUSED, unsigned char type UNUSED,
		     void *ctx UNUSED, struct err *e UNUSED)
{
	return 1;
}

/* Did somebody write something there? Unknown counts as yes. */
static bool holds_writes(const char *home)
{
	autofree char *upper = path_join(home, OVERLAY_UPPER);
	autofd int fd = dir_open_at(AT_FDCWD, upper, NULL);

	if (fd < 0)
		return fd != -ENOENT;
	return dir_each(fd, found_one, NULL, NULL) != 0;
}

/* Returns 1 when it was made, 0 when a mount left it that the machine's restart took away. */
static int make_or_take(const struct home *h, struct err *e)
{
	auto_(home) struct home before = { 0 };
	int r = home_read(h->path, HOME_OF_STORE, &before, e);

	if (r < 0 && holds_writes(h->path))
		return err_wrap(e, r,
				"'%s' was written to and its record is lost: take what you need "
				"out of '" OVERLAY_UPPER "' and remove it",
				h->path);
	if (r < 0) {
		err_clear(e);
		(void)dir_remove_all_at(AT_FDCWD, h->path, NULL);
		r = make_home(h, e);
		return r < 0 ? r : 1;
	}
	if (!streq(before.digest, h->digest) || before.writable != h->writable)
		return err_set(e, EEXIST,
			       "'%s' was used for a mount of '%s': give it up with 'creel-image "
			       "umount' first",
			       h->target, before.image);
	return 0;
}

/* One at a time makes or removes mounts of a store.  Released when the descriptor is closed. */
static int lock(const struct store *s, struct err *e)
{
	autofree char *homes = homes_of(s);
	int r = dir_make_all_at(AT_FDCWD, homes, 0700, e);
	autofd int fd = r < 0 ? r : dir_open_at(AT_FDCWD, homes, e);

	if (fd >= 0 && flock(fd, LOCK_EX) < 0)
		return err_sys(e, "lock '%s'", homes);
	return steal_fd(&fd);
}

static int resolve(const char *dir, char **ret, struct err *e)
{
	if (!dir)
		return 0;
	*ret = realpath(dir, NULL);
	if (!*ret)
		return err_sys(e, "directory '%s'", dir);
	if (overlay_is_mounted(*ret))
		return err_set(e, EBUSY, "something is mounted on '%s' already", *ret);
	return 0;
}

int mounts_add(struct store *s, const struct image *img, const char *dir, bool writable,
	       enum snapshot_choice form, struct apply_notes *notes, char **ret_target,
	       struct err *e)
{
	autofree char *target = NULL, *homes = homes_of(s), *path = NULL;
	auto_(home) struct home h = { 0 };
	autofd int held = lock(s, e);
	char id[LEASE_ID_SIZE];
	int made, r = held < 0 ? held : resolve(dir, &target, e);

	if (r >= 0)
		r = name_home(img, target, writable, id, e);
	if (r < 0)
		return r;
	path = path_join(homes, id);
	home_init(&h, s, img, path, target, writable);
	made = make_or_take(&h, e);
	if (made < 0)
		return made;
	r = home_mount(&h, form, notes, e);
	if (r < 0) {
		/* What was there before may hold what somebody wrote. */
		if (made)
			remove_home(s, &h);
		return r;
	}
	*ret_target = home_target(&h);
	return 0;
}

/* ---- Found ---- */

static bool is_ours(const struct store *s, const char *home)
{
	autofree char *homes = homes_of(s), *parent = path_parent(home);

	return streq(homes, parent);
}

int mounts_read(const struct store *s, const char *path, struct home *ret, struct err *e)
{
	return home_read(path, is_ours(s, path) ? HOME_OF_STORE : HOME_BUNDLE, ret, e);
}

struct search {
	const struct store *store;
	mounts_fn *fn;
	void *ctx;
};

static int visit(const struct lease *l, void *ctx, struct err *e)
{
	const struct search *s = ctx;
	auto_(home) struct home h = { 0 };

	/* Others take leases, too. */
	if (!l->path || mounts_read(s->store, l->path, &h, NULL) < 0)
		return 0;
	return s->fn(&h, s->ctx, e);
}

int mounts_each(const struct store *s, mounts_fn *fn, void *ctx, struct err *e)
{
	struct search search = { s, fn, ctx };

	return lease_each(s, visit, &search, e);
}

static bool is_same_dir(const char *x, const char *y)
{
	struct stat a, b;

	return stat(x, &a) == 0 && stat(y, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* "busybox" is written in the record as "docker.io/library/busybox:latest". */
static bool is_named(const struct home *h, const char *text)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *full = NULL;

	if (streq(h->image, text) || streq(h->digest, text))
		return true;
	if (reference_parse(text, &ref, NULL) < 0)
		return false;
	full = reference_text(&ref);
	return streq(h->image, full);
}

bool mounts_is_meant(const struct store *s, const struct home *h, const char *text)
{
	autofree char *target = home_target(h), *full = path_absolute(text);

	return is_same_dir(h->path, text) || is_same_dir(target, text) || streq(full, target) ||
	       (is_ours(s, h->path) && is_named(h, text));
}

/* ---- Taken away ---- */

int mounts_remove(struct store *s, const struct home *h, struct err *e)
{
	autofree char *target = home_target(h);
	bool ours = is_ours(s, h->path);
	autofd int held = lock(s, e);
	int r = held < 0 ? held : 0;

	if (r >= 0 && (overlay_is_mounted(target) || !ours))
		r = overlay_unmount(target, e);
	if (r >= 0 && ours)
		remove_home(s, h);
	return r;
}
