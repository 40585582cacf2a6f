/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "imagetool/layer/overlay_xattr.h"
#include "libutil/alloc.h"

/* The directories, topmost first, that are merged at one path. */
struct merged {
	int *fds;
	size_t n;
};

struct view {
	struct merged trees; /* topmost last: as they came */
	/* The directory of the last question: the next one is mostly about the same. */
	struct merged last;
	char *last_path; /* NULL: none */
};

static void merged_done(struct merged *m)
{
	for (size_t i = 0; i < m->n; i++)
		(void)close(m->fds[i]);
	free(m->fds);
	*m = (struct merged){ 0 };
}
AUTO_DEFINE_DONE(merged, merged_done)

static void merged_add(struct merged *m, int fd)
{
	m->fds = xreallocarray(m->fds, m->n + 1, sizeof(*m->fds));
	m->fds[m->n++] = fd;
}

struct view *view_new(void)
{
	return xcalloc(1, sizeof(struct view));
}

void view_free(struct view *v)
{
	if (!v)
		return;
	merged_done(&v->trees);
	merged_done(&v->last);
	free(v->last_path);
	free(v);
}

void view_add(struct view *v, int treefd, bool hides_all)
{
	if (hides_all)
		merged_done(&v->trees);
	merged_done(&v->last);
	free(v->last_path);
	v->last_path = NULL;
	merged_add(&v->trees, treefd);
}

bool overlay_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static int open_below(int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open directory '%s' of a lower layer", name) : fd;
}

/* All directories `name` in `from` go to `ret`, down to what hides the rest.  `found` is about the
 * topmost thing there is. */
static int look(const struct merged *from, const char *name, struct merged *ret,
		struct view_found *found, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		struct stat st;
		int fd;

		if (fstatat(from->fds[i], name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT)
				continue;
			return err_sys(e, "look at '%s' in a lower layer", name);
		}
		if (overlay_is_whiteout(&st) || (ret->n && !S_ISDIR(st.st_mode)))
			return 0;
		if (found->kind == VIEW_NONE) {
			found->st = st;
			found->kind = S_ISDIR(st.st_mode)   ? VIEW_DIR
				      : S_ISLNK(st.st_mode) ? VIEW_LINK
							    : VIEW_OTHER;
			found->dirfd = from->fds[i];
		}
		if (!S_ISDIR(st.st_mode))
			return 0;
		fd = open_below(from->fds[i], name, e);
		if (fd < 0)
			return fd;
		merged_add(ret, fd);
		if (overlay_is_opaque(from->fds[i], name))
			return 0;
	}
	return 0;
}

static int root_of(const struct view *v, struct merged *ret, struct err *e)
{
	for (size_t i = v->trees.n; i > 0; i--) {
		int fd = fcntl(v->trees.fds[i - 1], F_DUPFD_CLOEXEC, 3);

		if (fd < 0)
			return err_sys(e, "duplicate a descriptor");
		merged_add(ret, fd);
	}
	return 0;
}

/* v->last becomes the directory `path`; without members when there is none. */
static int enter(struct view *v, const char *path, struct err *e)
{
	auto_(merged) struct merged here = { 0 };
	int r;

	if (v->last_path && streq(v->last_path, path))
		return 0;
	r = root_of(v, &here, e);
	for (const char *p = path; r >= 0 && *p && here.n;) {
		auto_(merged) struct merged next = { 0 };
		struct view_found ignored = { .dirfd = -1 };
		size_t len = strcspn(p, "/");
		autofree char *name = xstrndup(p, len);
		struct merged swap;

		r = look(&here, name, &next, &ignored, e);
		swap = here;
		here = next;
		next = swap;
		p += len + (p[len] == '/');
	}
	if (r < 0)
		return r;
	merged_done(&v->last);
	free(v->last_path);
	v->last_path = xstrdup(path);
	v->last = here;
	here = (struct merged){ 0 };
	return 0;
}

int view_find(struct view *v, const char *path, struct view_found *ret, struct err *e)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	autofree char *parent = xstrndup(path, slash ? (size_t)(slash - path) : 0);
	auto_(merged) struct merged dirs = { 0 };
	struct view_found found = { .dirfd = -1 };
	int r = enter(v, parent, e);

	if (r >= 0)
		r = look(&v->last, base, &dirs, &found, e);
	if (r < 0)
		return r;
	if (found.dirfd >= 0) {
		found.dirfd = fcntl(found.dirfd, F_DUPFD_CLOEXEC, 3);
		if (found.dirfd < 0)
			return err_sys(e, "duplicate a descriptor");
		found.name = xstrdup(base);
	}
	*ret = found;
	return 0;
}

void view_found_done(struct view_found *f)
{
	if (f->name)
		(void)close(f->dirfd);
	free(f->name);
	*f = (struct view_found){ .dirfd = -1 };
}
