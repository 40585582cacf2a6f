/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to a directory, component by component, as the overlay of this layer
 * and those below would go it: what this layer has comes first, a whiteout is
 * nothing, links of either are followed with the root as "/".
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/layer/apply_internal.h"
#include "imagetool/layer/view.h"
#include "libutil/beneath.h"
#include "libutil/cleanup.h"

/* As the kernel's. */
#define LINKS_MAX 40
/* The target of a link and what follows it. */
#define REST_SIZE (2 * PATH_MAX)

struct walk {
	struct apply *a;
	enum overlay_how how;
	int links;
	bool hidden; /* what lower layers have here is not seen */
	char rest[REST_SIZE];
	size_t original; /* so many bytes at the end of `rest` are the entry's own */
	char name[NAME_MAX + 1];
	bool from_link; /* `name` comes out of a link */
	size_t len;
	char path[PATH_MAX]; /* where we are: a->parent.real */
};

/* One that was removed may have left its number to another: then the mark is not there.  The root
 * has none, and stays. */
static bool is_opaque(const struct apply *a, ino_t ino, const char *path)
{
	return seen_has(&a->overlay->opaque, ino, "") &&
	       (!*path || overlay_is_opaque(a->rootfd, path));
}

/* From the root along w->path, which has no links. */
static int go_to(struct walk *w, struct err *e)
{
	struct apply *a = w->a;
	int fd;

	w->path[w->len] = '\0';
	fd = beneath_open(a->rootfd, w->len ? w->path : ".", O_PATH | O_DIRECTORY, 0,
			  BENEATH_STRICT, e);
	return fd < 0 ? fd : parent_set(a, fd, w->path, w->len, e);
}

static int enter_own(struct walk *w, struct err *e)
{
	struct apply *a = w->a;
	size_t n = strlen(w->name);
	int fd = openat(a->parent.dir.fd, w->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "open directory '%s'", w->name);
	if (w->len + n + 2 > sizeof(w->path)) {
		(void)close(fd);
		return err_set(e, ENAMETOOLONG, "'%s': path is too long", w->name);
	}
	if (w->len)
		w->path[w->len++] = '/';
	memcpy(w->path + w->len, w->name, n + 1);
	w->len += n;
	r = parent_set(a, fd, w->path, w->len, e);
	w->hidden = w->hidden || is_opaque(a, a->parent.dir.ino, w->path);
	return r;
}

static int go_up(struct walk *w, struct err *e)
{
	int r;

	while (w->len && w->path[w->len - 1] != '/')
		w->len--;
	if (w->len)
		w->len--;
	r = go_to(w, e);
	/* Whether something above hides is asked again on the way down. */
	w->hidden = w->a->overlay->facts.root_opaque;
	for (size_t i = 0; r >= 0 && i < w->len; i++) {
		struct stat st;
		char keep = w->path[i];

		if (keep != '/' && i + 1 < w->len)
			continue;
		if (keep == '/')
			w->path[i] = '\0';
		if (fstatat(w->a->rootfd, w->path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			w->hidden = w->hidden || is_opaque(w->a, st.st_ino, w->path);
		w->path[i] = keep;
	}
	return r;
}

static int follow(struct walk *w, const char *target, struct err *e)
{
	size_t n = strlen(target), rest = strlen(w->rest);

	if (++w->links > LINKS_MAX)
		return err_set(e, ELOOP, "too many symlinks");
	if (n + 1 + rest + 1 > sizeof(w->rest))
		return err_set(e, ENAMETOOLONG, "symlinks make the path too long");
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, target, n);
	w->rest[n] = '/';
	if (*target != '/')
		return 0;
	w->len = 0;
	w->hidden = w->a->overlay->facts.root_opaque;
	return go_to(w, e);
}

static int follow_at(struct walk *w, int dirfd, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read link '%s'", name);
	target[n] = '\0';
	return follow(w, target, e);
}

static int make_here(struct walk *w, struct err *e)
{
	return parent_make_implied(w->a, w->name, e);
}

/* Nobody knows what is below: a directory or nothing, most likely. */
static int assume(struct walk *w, struct err *e)
{
	struct overlay *o = w->a->overlay;
	int r;

	if (w->from_link) {
		o->facts.redo = true;
		return OVERLAY_SKIP;
	}
	r = make_here(w, e);
	if (r >= 0)
		r = enter_own(w, e);
	if (r >= 0)
		overlay_note_path(o, &o->facts.implied, w->path);
	return r;
}

static int make_as(struct walk *w, const struct view_found *below, struct err *e)
{
	int r = make_here(w, e);

	if (r >= 0)
		r = view_copy_attributes(below, w->a->parent.dir.fd, w->name, w->a->privileged, e);
	return r < 0 ? r : enter_own(w, e);
}

static int nothing_there(struct walk *w, struct err *e)
{
	int r;

	if (w->how != OVERLAY_MAKE)
		return err_set(e, ENOENT, "'%s' is missing", w->name);
	/* A link to nothing: merged layers cannot have a directory in its place either. */
	if (w->from_link)
		return err_set(e, ENOENT, "'%s' is missing, and a symlink leads to it", w->name);
	r = make_here(w, e);
	return r < 0 ? r : enter_own(w, e);
}

static int look_below(struct walk *w, struct err *e)
{
	auto_(view_found) struct view_found below = { .dirfd = -1 };
	char path[PATH_MAX + NAME_MAX + 2];
	int r;

	if (w->hidden)
		return nothing_there(w, e);
	if (!w->a->overlay->lower)
		return w->how == OVERLAY_FIND ? err_set(e, ENOENT, "'%s' is missing", w->name)
					      : assume(w, e);
	(void)stpcpy(stpcpy(stpcpy(path, w->path), w->len ? "/" : ""), w->name);
	r = view_find(w->a->overlay->lower, path, &below, e);
	if (r < 0)
		return r;
	switch (below.kind) {
	case VIEW_NONE:
		return nothing_there(w, e);
	case VIEW_DIR:
		return make_as(w, &below, e);
	case VIEW_LINK:
		return follow_at(w, below.dirfd, below.name, e);
	case VIEW_OTHER:
		break;
	}
	return err_set(e, ENOTDIR, "'%s' of a lower layer is not a directory", path);
}

/* This layer has removed what was below, and now makes a directory there. */
static int replace_whiteout(struct walk *w, struct err *e)
{
	struct apply *a = w->a;
	int r;

	if (w->how != OVERLAY_MAKE || w->from_link)
		return nothing_there(w, e);
	if (unlinkat(a->parent.dir.fd, w->name, 0) < 0)
		return err_sys(e, "remove whiteout '%s'", w->name);
	r = make_here(w, e);
	if (r >= 0)
		r = overlay_hide(a, a->parent.dir.fd, w->name, e);
	return r < 0 ? r : enter_own(w, e);
}

static int step(struct walk *w, struct err *e)
{
	struct stat st;

	if (streq(w->name, "."))
		return 0;
	if (streq(w->name, ".."))
		return go_up(w, e);
	if (fstatat(w->a->parent.dir.fd, w->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? look_below(w, e) : err_sys(e, "stat '%s'", w->name);
	if (S_ISDIR(st.st_mode))
		return enter_own(w, e);
	if (S_ISLNK(st.st_mode))
		return follow_at(w, w->a->parent.dir.fd, w->name, e);
	if (overlay_is_whiteout(&st))
		return replace_whiteout(w, e);
	return err_set(e, ENOTDIR, "'%s' is not a directory", w->name);
}

/* Take the next component off w->rest.  0: there is none. */
static int next_name(struct walk *w, struct err *e)
{
	size_t skip = strspn(w->rest, "/"), n = strcspn(w->rest + skip, "/"), all;

	if (n == 0)
		return 0;
	if (n > NAME_MAX)
		return err_set(e, ENAMETOOLONG, "'%.40s...': name is too long", w->rest + skip);
	all = strlen(w->rest);
	w->from_link = all - skip > w->original;
	if (!w->from_link)
		w->original = all - skip - n;
	memcpy(w->name, w->rest + skip, n);
	w->name[n] = '\0';
	memmove(w->rest, w->rest + skip + n, all - skip - n + 1);
	return 1;
}

int overlay_enter(struct apply *a, const struct entry_path *p, enum overlay_how how, struct err *e)
{
	struct walk w = { .a = a, .how = how, .original = p->parent_len };
	int r;

	memcpy(w.rest, p->text, p->parent_len);
	w.rest[p->parent_len] = '\0';
	w.hidden = a->overlay->facts.root_opaque;
	r = go_to(&w, e);
	while (r == 0) {
		r = next_name(&w, e);
		if (r <= 0)
			break;
		r = step(&w, e);
	}
	if (r != 0) {
		parent_forget(a);
		return r;
	}
	a->parent.hidden = w.hidden;
	a->parent.walked = true;
	parent_remember(a, p->text, p->parent_len);
	return 0;
}
