/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/strv.h"
#include "shim/v2/mount_one.h"

#define ROOTFS_NAME   "rootfs"
#define ROOTFS_MODE   0711
#define MOUNTINFO_MAX ((size_t)64 << 20)
#define STACKED_MAX   64

/* ---- Unmounting ---- */

/* Blanks, tabs, newlines and backslashes are written as "\040". */
static char *unescape(const char *s, size_t len)
{
	char *text = xcalloc(len + 1, 1), *to = text;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 3 < len && s[i + 1] >= '0' && s[i + 1] <= '3') {
			*to++ = (char)((s[i + 1] - '0') << 6 | (s[i + 2] - '0') << 3 |
				       (s[i + 3] - '0'));
			i += 3;
		} else {
			*to++ = s[i];
		}
	}
	return text;
}

/* The fifth word of a line. */
static const char *mount_point(const char *line, size_t *ret_len)
{
	for (int i = 0; i < 4; i++) {
		line += strcspn(line, " \n");
		if (*line != ' ')
			return NULL;
		line++;
	}
	*ret_len = strcspn(line, " \n");
	return line;
}

void rootfs_find(const char *mountinfo, const char *dir, struct strv *ret)
{
	for (const char *line = mountinfo; *line;) {
		size_t len = 0;
		const char *at = mount_point(line, &len);
		autofree char *path = at ? unescape(at, len) : NULL;

		if (path && path_is_below(path, dir))
			strv_add_owned(ret, steal_ptr(&path));
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

/* What is still in use goes when its last user does. */
static int unmount_one(const char *path, struct err *e)
{
	if (umount2(path, UMOUNT_NOFOLLOW) == 0 || errno == EINVAL || errno == ENOENT)
		return 0;
	if (errno == EBUSY && umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH) == 0)
		return 0;
	return err_sys(e, "unmount '%s'", path);
}

static int unmount_found(const char *rootfs, struct err *e)
{
	auto_(strv) struct strv found = { 0 };
	autofree char *text = NULL;
	int r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	rootfs_find(text, rootfs, &found);
	for (size_t i = found.n; i > 0; i--) {
		int failed = unmount_one(found.v[i - 1], r < 0 ? NULL : e);

		r = failed < 0 ? failed : r;
	}
	return r < 0 ? r : 0;
}

static int undo(const char *rootfs, struct err *e)
{
	autofree char *clean = path_absolute(rootfs);
	int gone = 0;

	/* The common case needs no list of all mounts of the host. */
	while (gone < STACKED_MAX && umount2(clean, UMOUNT_NOFOLLOW) == 0)
		gone++;
	if (errno == ENOENT || (gone > 0 && errno == EINVAL))
		return 0;
	return unmount_found(clean, e);
}

/* ---- Mounting ---- */

static int make_one(const char *rootfs, const struct msg_mount *m, struct err *e)
{
	auto_(mount_plan) struct mount_plan p = { 0 };
	int r = mount_plan_make(m, &p, e);

	if (r < 0)
		return r;
	r = mount_one(&p, rootfs, e);
	if (r < 0)
		return err_wrap(e, r, "mount '%s' (%s) on '%s%s%s'", p.source, p.type, rootfs,
				*p.target && *p.target != '/' ? "/" : "", p.target);
	return 0;
}

static int make_all(const char *rootfs, const struct msg_mount *mounts, size_t n, struct err *e)
{
	if (mkdir(rootfs, ROOTFS_MODE) < 0 && errno != EEXIST)
		return err_sys(e, "make '%s'", rootfs);
	for (size_t i = 0; i < n; i++) {
		int r = make_one(rootfs, &mounts[i], e);

		if (r < 0) {
			(void)undo(rootfs, NULL);
			return r;
		}
	}
	return 0;
}

int rootfs_mount(const char *bundle, const struct msg_mount *mounts, size_t n, struct err *e)
{
	autofree char *rootfs = path_join(bundle, ROOTFS_NAME);

	return n == 0 ? 0 : make_all(rootfs, mounts, n, e);
}

int rootfs_unmount(const char *bundle, struct err *e)
{
	autofree char *rootfs = path_join(bundle, ROOTFS_NAME);

	return undo(rootfs, e);
}
