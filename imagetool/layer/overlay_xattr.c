/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/overlay_xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "imagetool/layer/view.h"
#include "libutil/alloc.h"

/* The kernel's XATTR_LIST_MAX and XATTR_SIZE_MAX. */
#define LIST_SIZE  65536
#define VALUE_SIZE 65536

const char *xattr_path_at(int dirfd, const char *name, struct xattr_path *buf)
{
	(void)snprintf(buf->text, sizeof(buf->text), "/proc/self/fd/%d/%s", dirfd, name);
	return buf->text;
}

bool xattr_may_lack(int error)
{
	return error == EPERM || error == EACCES || error == EOPNOTSUPP;
}

bool overlay_is_opaque(int dirfd, const char *name)
{
	struct xattr_path path;
	char value[2];

	(void)xattr_path_at(dirfd, name, &path);
	if (lgetxattr(path.text, OVERLAY_TRUSTED "opaque", value, sizeof(value)) == 1)
		return value[0] == 'y';
	return lgetxattr(path.text, OVERLAY_USER "opaque", value, sizeof(value)) == 1 &&
	       value[0] == 'y';
}

int overlay_set_opaque(int dirfd, const char *name, bool trusted, struct err *e)
{
	struct xattr_path path;

	(void)xattr_path_at(dirfd, name, &path);
	if (lsetxattr(path.text, trusted ? OVERLAY_TRUSTED "opaque" : OVERLAY_USER "opaque", "y", 1,
		      0) < 0)
		return err_sys(e, "mark directory '%s' as opaque for overlayfs", name);
	return 0;
}

static int copy_xattrs(const char *from, const char *to, struct err *e)
{
	autofree char *list = xcalloc(LIST_SIZE + VALUE_SIZE, 1);
	char *value = list + LIST_SIZE;
	ssize_t len = llistxattr(from, list, LIST_SIZE);

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : err_sys(e, "list extended attributes");
	for (const char *x = list; x < list + len; x += strlen(x) + 1) {
		ssize_t n;

		if (is_overlay_xattr(x) || streq(x, "security.selinux"))
			continue;
		n = lgetxattr(from, x, value, VALUE_SIZE);
		if (n < 0 || lsetxattr(to, x, value, (size_t)n, 0) < 0) {
			if (!xattr_may_lack(errno))
				return err_sys(e, "copy extended attribute '%.80s'", x);
		}
	}
	return 0;
}

int view_copy_attributes(const struct view_found *from, int dirfd, const char *name, bool owner,
			 struct err *e)
{
	const struct timespec times[2] = { from->st.st_mtim, from->st.st_mtim };
	struct xattr_path lower, own;
	int r;

	if (owner &&
	    fchownat(dirfd, name, from->st.st_uid, from->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner of '%s'", name);
	/* Of a link it would be that of whatever the link leads to. */
	if (!S_ISLNK(from->st.st_mode) && fchmodat(dirfd, name, from->st.st_mode & 07777, 0) < 0)
		return err_sys(e, "set the mode of '%s'", name);
	r = copy_xattrs(xattr_path_at(from->dirfd, from->name, &lower),
			xattr_path_at(dirfd, name, &own), e);
	if (r < 0)
		return err_wrap(e, r, "'%s'", name);
	if (utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the times of '%s'", name);
	return 0;
}
