/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/disk_xattrs.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "imagetool/layer/overlay_xattr.h"

#define LIST_SIZE  65536 /* the kernel's XATTR_LIST_MAX */
#define VALUE_SIZE 65536 /* and XATTR_SIZE_MAX */

/* Labels and hashes of this machine's security modules, ACLs of NFS, and what overlayfs keeps for
 * itself. */
static const char *const left_out[] = { OVERLAY_TRUSTED,    OVERLAY_USER,
					"security.selinux", "security.ima",
					"security.evm",     "system.nfs4_acl",
					"com.apple.",       NULL };

static bool has_prefix(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (starts_with(name, *prefixes))
			return true;
	return false;
}

bool disk_xattr_counts(const char *name)
{
	return !has_prefix(name, left_out);
}

/* What stands behind the prefix; NULL: it is no mark.  What a user of the overlay called like one
 * has "overlay." in it twice. */
static const char *mark_key(const char *name, unsigned kinds)
{
	if ((kinds & MARKS_TRUSTED) && starts_with(name, OVERLAY_TRUSTED))
		return name + strlen(OVERLAY_TRUSTED);
	if ((kinds & MARKS_USER) && starts_with(name, OVERLAY_USER))
		return name + strlen(OVERLAY_USER);
	return NULL;
}

static void read_mark(const char *name, const char *value, size_t len, struct disk_marks *marks)
{
	const char *key = marks ? mark_key(name, marks->kinds) : NULL;

	if (!key)
		return;
	/* "x" says only that whiteouts may be attributes in here. */
	if (streq(key, "opaque"))
		marks->opaque = len == 1 && value[0] == 'y';
	else if (streq(key, "redirect"))
		marks->redirect = true;
	else if (streq(key, "metacopy"))
		marks->metacopy = true;
	else if (streq(key, "whiteout"))
		marks->whiteout = true;
}

/* One attribute; 0 when it is not there any more. */
static int read_one(const char *path, const char *name, struct arena *a, struct tar_xattr *ret,
		    struct disk_marks *marks, struct err *e)
{
	char value[VALUE_SIZE];
	ssize_t len = lgetxattr(path, name, value, sizeof(value));

	if (len < 0)
		return errno == ENODATA || errno == ENOENT
			       ? 0
			       : err_sys(e, "read extended attribute '%s'", name);
	read_mark(name, value, (size_t)len, marks);
	if (!disk_xattr_counts(name))
		return 0;
	*ret = (struct tar_xattr){ arena_strdup(a, name), arena_strndup(a, value, (size_t)len),
				   (size_t)len };
	return 1;
}

static int read_all(const char *path, const char *list, size_t len, struct arena *a,
		    struct inode *i, struct disk_marks *marks, struct err *e)
{
	struct tar_xattr *xattrs;
	size_t n = 0;
	int r = 0;

	for (const char *x = list; x < list + len; x += strlen(x) + 1)
		n++;
	xattrs = arena_alloc(a, n, sizeof(*xattrs));
	n = 0;
	for (const char *x = list; x < list + len && r >= 0; x += strlen(x) + 1) {
		r = read_one(path, x, a, &xattrs[n], marks, e);
		n += r > 0;
	}
	ftree_sort_xattrs(xattrs, n);
	i->xattrs = xattrs;
	i->n_xattrs = n;
	return r < 0 ? r : 1;
}

int disk_xattrs(int dirfd, const char *name, struct arena *a, struct inode *i,
		struct disk_marks *marks, struct err *e)
{
	char list[LIST_SIZE];
	struct xattr_path buf;
	const char *path = xattr_path_at(dirfd, name, &buf);
	ssize_t len = llistxattr(path, list, sizeof(list));

	if (len < 0 && errno == ENOENT)
		return 0;
	if (len < 0 && errno != EOPNOTSUPP)
		return err_sys(e, "list extended attributes of '%s'", name);
	return len <= 0 ? 1 : read_all(path, list, (size_t)len, a, i, marks, e);
}
