/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/policy.h"

#include <errno.h>

#include "imagetool/layer/overlay_xattr.h"

static int check_owner(const struct tar_entry *n, struct err *e)
{
	if (n->uid < 0 || n->uid >= UINT32_MAX || n->gid < 0 || n->gid >= UINT32_MAX)
		return err_set(e, EINVAL, "owner %lld:%lld is out of range", (long long)n->uid,
			       (long long)n->gid);
	return 0;
}

/* An overlay over the tree would show other files. */
static int check_xattr(const char *name, struct err *e)
{
	if (is_overlay_xattr(name))
		return err_set(e, EINVAL,
			       "extended attribute '%s' would change what overlayfs shows", name);
	return 0;
}

/* As Linux has them: 12 and 20 bits.  In a file system's own encoding larger ones would become
 * others, whiteouts among them. */
#define MAJOR_MAX 0xfffu
#define MINOR_MAX 0xfffffu

static int check_device(const struct tar_entry *n, struct err *e)
{
	if (n->major > MAJOR_MAX || n->minor > MINOR_MAX)
		return err_set(e, EINVAL, "Linux has no device %u:%u", n->major, n->minor);
	if (n->type == TAR_CHAR && n->major == 0 && n->minor == 0)
		return err_set(e, EINVAL, "character device 0:0 would be a whiteout to overlayfs");
	return 0;
}

int entry_check(const struct tar_entry *n, struct err *e)
{
	int r = check_owner(n, e);

	for (size_t i = 0; i < n->n_xattrs && r >= 0; i++)
		r = check_xattr(n->xattrs[i].name, e);
	if (r >= 0 && (n->type == TAR_CHAR || n->type == TAR_BLOCK_DEVICE))
		r = check_device(n, e);
	return r;
}

int entry_check_root(const struct tar_entry *n, struct err *e)
{
	/* A symlink in place of the root would lead everything after it outside (CVE-2021-29136).
	 */
	if (n->type != TAR_DIR)
		return err_set(e, EINVAL, "entry '%.200s': the root can only be a directory",
			       n->name);
	return entry_check(n, e);
}
