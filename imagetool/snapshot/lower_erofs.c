/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/snapshot/lower_erofs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "imagetool/layer/overlay_xattr.h"
#include "libutil/alloc.h"

/* The kernel's limits. */
#define XATTR_LIST_SIZE  65536
#define XATTR_VALUE_SIZE 65536

/* A label of the security module is the machine's; overlayfs's say what a layer hides. */
static bool is_taken_over(const char *name)
{
	return !is_overlay_xattr(name) && !streq(name, "security.selinux");
}

static ssize_t list_xattrs(const struct view_found *f, struct xattr_path *path, char *list,
			   struct err *e)
{
	ssize_t n = llistxattr(xattr_path_at(f->dirfd, f->name, path), list, XATTR_LIST_SIZE);

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : err_sys(e, "list extended attributes");
	return n;
}

int lower_has_xattrs(const struct view_found *f, struct err *e)
{
	autofree char *list = xcalloc(1, XATTR_LIST_SIZE);
	struct xattr_path path;
	ssize_t n = list_xattrs(f, &path, list, e);

	for (const char *x = list; x < list + n; x += strlen(x) + 1)
		if (is_taken_over(x))
			return 1;
	return n < 0 ? (int)n : 0;
}

/* ---- Everything about one ---- */

struct copied {
	struct tar_xattr *list;
	size_t n;
	char *names, *values; /* that the list points to */
	size_t values_len;
};

static int read_value(const char *path, const char *name, struct copied *c, struct err *e)
{
	ssize_t n;

	c->values = xreallocarray(c->values, c->values_len + XATTR_VALUE_SIZE, 1);
	n = lgetxattr(path, name, c->values + c->values_len, XATTR_VALUE_SIZE);
	if (n < 0)
		return err_sys(e, "read extended attribute '%.80s'", name);
	c->list = xreallocarray(c->list, c->n + 1, sizeof(*c->list));
	c->list[c->n++] = (struct tar_xattr){ .name = name, .len = (size_t)n };
	c->values_len += (size_t)n;
	return 0;
}

/* One block of memory: the list, the names, the values. */
static struct tar_xattr *join(const struct copied *c, size_t names_len)
{
	struct tar_xattr *ret = xcalloc(1, c->n * sizeof(*ret) + names_len + c->values_len);
	char *names = (char *)(ret + c->n), *value = names + names_len;

	memcpy(names, c->names, names_len);
	if (c->values_len)
		memcpy(value, c->values, c->values_len);
	for (size_t i = 0; i < c->n; i++) {
		ret[i] = (struct tar_xattr){ .name = names + (c->list[i].name - c->names),
					     .value = value,
					     .len = c->list[i].len };
		value += ret[i].len;
	}
	return ret;
}

static int read_xattrs(const struct view_found *f, struct erofs_below *ret, struct err *e)
{
	autofree char *names = xcalloc(1, XATTR_LIST_SIZE);
	struct copied c = { .names = names };
	struct xattr_path path;
	ssize_t n = list_xattrs(f, &path, names, e);
	int r = n < 0 ? (int)n : 0;

	for (const char *x = names; r >= 0 && x < names + n; x += strlen(x) + 1)
		if (is_taken_over(x))
			r = read_value(path.text, x, &c, e);
	if (r >= 0 && c.n) {
		ret->xattrs = join(&c, (size_t)n);
		ret->n_xattrs = c.n;
	}
	free(c.list);
	free(c.values);
	return r;
}

static int read_target(const struct view_found *f, struct erofs_below *ret, struct err *e)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(f->dirfd, f->name, text, sizeof(text));

	if (n < 0)
		return err_sys(e, "read symlink '%s' of a lower layer", f->name);
	ret->target = xstrndup(text, (size_t)n);
	return 0;
}

static int look(void *ctx, const char *path, struct erofs_below *ret, struct err *e)
{
	auto_(view_found) struct view_found f = { .dirfd = -1 };
	auto_(erofs_below) struct erofs_below b = { 0 };
	int r = view_find(ctx, path, &f, e);

	if (r < 0 || f.kind == VIEW_NONE)
		return r < 0 ? r : 0;
	b.mode = f.st.st_mode;
	b.major = major(f.st.st_rdev);
	b.minor = minor(f.st.st_rdev);
	b.uid = f.st.st_uid;
	b.gid = f.st.st_gid;
	b.mtime = f.st.st_mtim;
	r = read_xattrs(&f, &b, e);
	if (r >= 0 && f.kind == VIEW_LINK)
		r = read_target(&f, &b, e);
	if (r < 0)
		return r;
	*ret = b;
	b = (struct erofs_below){ 0 };
	return 1;
}

static int open_file(void *ctx, const char *path, struct err *e)
{
	auto_(view_found) struct view_found f = { .dirfd = -1 };
	int r = view_find(ctx, path, &f, e), fd;

	if (r < 0)
		return r;
	if (f.kind != VIEW_OTHER || !S_ISREG(f.st.st_mode))
		return err_set(e, EINVAL, "'%s' of a lower layer is not a file", path);
	fd = openat(f.dirfd, f.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s' of a lower layer", path) : fd;
}

struct erofs_lower lower_of_view(struct view *v)
{
	return (struct erofs_lower){ .look = look, .open = open_file, .ctx = v };
}
