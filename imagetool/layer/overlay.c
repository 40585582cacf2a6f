/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "imagetool/layer/apply_internal.h"
#include "imagetool/layer/view.h"
#include "libutil/dir.h"
#include "libutil/file.h"

/* Bytes of paths that are remembered of one layer. */
#define NOTED_MAX ((size_t)8 << 20)

void overlay_free(struct overlay *o)
{
	if (!o)
		return;
	strv_done(&o->facts.implied);
	strv_done(&o->facts.whiteout_dirs);
	seen_done(&o->opaque);
	seen_done(&o->whiteout_dirs);
	free(o);
}

void overlay_note_path(struct overlay *o, struct strv *list, const char *path)
{
	o->noted += strlen(path) + sizeof(path);
	if (o->noted > NOTED_MAX)
		o->facts.redo = true;
	else
		strv_add(list, path);
}

void overlay_note_root(struct apply *a, const struct tar_entry *n)
{
	struct apply_facts *f = &a->overlay->facts;

	f->root_stated = true;
	f->root_mode = n->mode;
	f->root_uid = a->privileged ? (uid_t)n->uid : a->uid;
	f->root_gid = a->privileged ? (gid_t)n->gid : a->gid;
	f->root_mtime = n->mtime;
}

/* ---- Directories that hide ---- */

/* A directory that no entry made goes when nothing is left in it.  What was noted about it is void
 * then. */
static int drop_empty(struct apply *a, int dirfd, const char *name, struct err *e)
{
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		return errno == ENOTEMPTY ? 0 : err_sys(e, "remove directory '%s'", name);
	a->overlay->facts.redo = true;
	parent_forget(a);
	return 1;
}

struct dropping {
	struct apply *a;
	ino_t dir; /* that is being listed */
	int depth;
};

static int drop_lower(struct apply *a, int fd, int depth, struct err *e);

/* Something in a directory that hides now: it stays when an entry of this layer made it. Others are
 * whiteouts, which would be listed where there is nothing to hide, what was brought from below, and
 * directories on the way to such. */
static int drop_one(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
		    struct err *e)
{
	const struct dropping *d = ctx;
	bool own = seen_has(&d->a->seen, d->dir, name);
	autofd int fd = -1;
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat '%s'", name);
	if (!S_ISDIR(st.st_mode))
		return !own && unlinkat(dirfd, name, 0) < 0 ? err_sys(e, "remove '%s'", name) : 0;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open directory '%s'", name);
	r = drop_lower(d->a, fd, d->depth + 1, e);
	if (r >= 0 && !own)
		r = drop_empty(d->a, dirfd, name, e);
	return r < 0 ? r : 0;
}

static int drop_lower(struct apply *a, int fd, int depth, struct err *e)
{
	struct dropping d = { .a = a, .depth = depth };
	struct stat st;

	if (depth > APPLY_WHITEOUT_DEPTH_MAX)
		return err_set(e, ELOOP, "whiteout of directories more than %d deep",
			       APPLY_WHITEOUT_DEPTH_MAX);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat a directory");
	d.dir = st.st_ino;
	a->dirs.doubted = true;
	return dir_each(fd, drop_one, &d, e);
}

int overlay_hide(struct apply *a, int dirfd, const char *name, struct err *e)
{
	struct overlay *o = a->overlay;
	autofd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open directory '%s'", name);
	r = overlay_set_opaque(dirfd, name, o->trusted, e);
	if (r < 0)
		return r;
	seen_add(&o->opaque, st.st_ino, "");
	return o->whiteouts || o->lower ? drop_lower(a, fd, 0, e) : 0;
}

static int hide_root(struct apply *a, struct err *e)
{
	struct overlay *o = a->overlay;
	struct stat st;

	if (fstat(a->rootfd, &st) < 0)
		return err_sys(e, "stat the root directory");
	o->facts.root_opaque = true;
	seen_add(&o->opaque, st.st_ino, "");
	return o->whiteouts || o->lower ? drop_lower(a, a->rootfd, 0, e) : 0;
}

/* ---- Whiteouts ---- */

static void note_whiteout(struct apply *a)
{
	struct overlay *o = a->overlay;

	o->whiteouts++;
	if (o->lower || seen_has(&o->whiteout_dirs, a->parent.dir.ino, ""))
		return;
	seen_add(&o->whiteout_dirs, a->parent.dir.ino, "");
	overlay_note_path(o, &o->facts.whiteout_dirs, a->parent.real);
}

/* Whether there is something to hide; without a view there is. */
static int is_below(struct apply *a, const char *name, struct err *e)
{
	auto_(view_found) struct view_found below = { .dirfd = -1 };
	char path[PATH_MAX + NAME_MAX + 2];
	int r;

	if (a->parent.hidden)
		return 0;
	if (!a->overlay->lower)
		return 1;
	(void)stpcpy(stpcpy(stpcpy(path, a->parent.real), a->parent.dir.real_len ? "/" : ""), name);
	r = view_find(a->overlay->lower, path, &below, e);
	return r < 0 ? r : below.kind != VIEW_NONE;
}

static int no_whiteout(const char *name, struct err *e)
{
	if (errno != EPERM)
		return err_sys(e, "make the whiteout of '%s'", name);
	return err_set(
		e, EPERM,
		"make the whiteout of '%s': not permitted on this file system (it may be an "
		"overlay, as a container's own files are): choose a store elsewhere, or copies "
		"(unpack, bundle --rootfs=copy)",
		name);
}

static int make_whiteout(struct apply *a, int dirfd, const char *name, struct err *e)
{
	int r = is_below(a, name, e);

	if (r <= 0)
		return r;
	/* Linux lets everybody make this device, since 5.8. */
	if (mknodat(dirfd, name, S_IFCHR, makedev(0, 0)) < 0)
		return no_whiteout(name, e);
	note_whiteout(a);
	return 0;
}

/* Of what an entry of this layer made only what lies below it goes.  Returns 1 when nothing is left
 * at `name`. */
static int clear_at(struct apply *a, int dirfd, const char *name, struct err *e)
{
	bool own = seen_has(&a->seen, a->parent.dir.ino, name);
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 1 : err_sys(e, "stat '%s'", name);
	if (S_ISDIR(st.st_mode)) {
		r = overlay_hide(a, dirfd, name, e);
		return r < 0 || own ? r : drop_empty(a, dirfd, name, e);
	}
	if (own || overlay_is_whiteout(&st))
		return 0;
	return unlinkat(dirfd, name, 0) < 0 ? err_sys(e, "remove '%s'", name) : 1;
}

static int whiteout_at(struct apply *a, const char *name, struct err *e)
{
	/* Removing a directory closes the cached descriptor. */
	autofd int fd = fcntl(a->parent.dir.fd, F_DUPFD_CLOEXEC, 3);
	int r = fd < 0 ? err_sys(e, "duplicate a descriptor") : clear_at(a, fd, name, e);

	return r > 0 ? make_whiteout(a, fd, name, e) : r;
}

/* The mark is an attribute of the directory, which is found by its name in its parent. */
static int hide_here(struct apply *a, struct err *e)
{
	int fd, r;

	if (a->parent.dir.real_len == 0)
		return hide_root(a, e);
	fd = fcntl(a->parent.dir.fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_sys(e, "duplicate a descriptor");
	r = overlay_hide(a, fd, ".", e);
	(void)close(fd);
	return r;
}

int overlay_whiteout(struct apply *a, enum whiteout kind, const struct entry_path *p, struct err *e)
{
	bool same = a->parent.dir.fd >= 0 && a->parent.walked &&
		    a->parent.dir.len == p->parent_len &&
		    memcmp(a->parent.path, p->text, p->parent_len) == 0;
	int r = same ? 0 : overlay_enter(a, p, OVERLAY_HIDE, e);

	if (r == -ENOENT || r == -ENOTDIR) {
		err_clear(e);
		return 0;
	}
	if (r != 0)
		return r < 0 ? r : 0;
	r = kind == WHITEOUT_OPAQUE ? hide_here(a, e) : whiteout_at(a, whiteout_target(p), e);
	/* What is hidden has changed. */
	if (kind == WHITEOUT_OPAQUE)
		parent_forget(a);
	return r;
}

/* ---- Hard links to what lies below ---- */

int overlay_copy_up(struct apply *a, const struct entry_path *target, struct err *e)
{
	auto_(view_found) struct view_found below = { .dirfd = -1 };
	const char *name = entry_path_base(target);
	char path[PATH_MAX + NAME_MAX + 2];
	struct stat st;
	int r;

	if (!a->overlay->lower) {
		a->overlay->facts.redo = true;
		return OVERLAY_SKIP;
	}
	/* Directories that come with it are what they are below. */
	r = overlay_enter(a, target, OVERLAY_MAKE, e);
	if (r != 0)
		return r;
	if (fstatat(a->parent.dir.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return overlay_is_whiteout(&st) ? err_set(e, ENOENT, "it is missing") : 0;
	(void)stpcpy(stpcpy(stpcpy(path, a->parent.real), a->parent.dir.real_len ? "/" : ""), name);
	if (!a->parent.hidden)
		r = view_find(a->overlay->lower, path, &below, e);
	if (r < 0)
		return r;
	if (below.kind == VIEW_NONE || below.kind == VIEW_DIR)
		return err_set(e, below.kind == VIEW_DIR ? EPERM : ENOENT, "%s",
			       below.kind == VIEW_DIR ? "it is a directory" : "it is missing");
	r = view_copy_node(&below, a->parent.dir.fd, name, e);
	return r < 0 ? r : view_copy_attributes(&below, a->parent.dir.fd, name, a->privileged, e);
}
