/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "imagetool/layer/apply_internal.h"
#include "imagetool/layer/overlay_xattr.h"

#define XATTR_LIST_SIZE 65536 /* the kernel's XATTR_LIST_MAX */

int xattrs_set(struct apply *a, int fd, int dirfd, const char *name, const struct tar_entry *n,
	       struct err *e)
{
	struct xattr_path path;

	if (n->n_xattrs && fd < 0)
		(void)xattr_path_at(dirfd, name, &path);
	for (size_t i = 0; i < n->n_xattrs; i++) {
		const struct tar_xattr *x = &n->xattrs[i];
		int r = fd >= 0 ? fsetxattr(fd, x->name, x->value, x->len, 0)
				: lsetxattr(path.text, x->name, x->value, x->len, 0);
		if (r < 0 && !xattr_may_lack(errno))
			return err_sys(e, "set extended attribute '%.80s'", x->name);
		a->notes.xattrs += r < 0;
	}
	return 0;
}

static bool is_stated(const struct tar_entry *n, const char *name)
{
	for (size_t i = 0; i < n->n_xattrs; i++)
		if (streq(n->xattrs[i].name, name))
			return true;
	return false;
}

int xattrs_prune(struct apply *a UNUSED, int dirfd, const char *name, const struct tar_entry *n,
		 struct err *e)
{
	char list[XATTR_LIST_SIZE];
	struct xattr_path path;
	ssize_t len = llistxattr(xattr_path_at(dirfd, name, &path), list, sizeof(list));

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : err_sys(e, "list extended attributes");
	for (const char *x = list; x < list + len; x += strlen(x) + 1) {
		/* A label of the security module is the machine's, not a layer's; overlayfs's say
		 * what a layer hides. */
		if (is_stated(n, x) || streq(x, "security.selinux") || is_overlay_xattr(x))
			continue;
		if (lremovexattr(path.text, x) < 0 && !xattr_may_lack(errno) && errno != ENODATA)
			return err_sys(e, "remove extended attribute '%.80s'", x);
	}
	return 0;
}
