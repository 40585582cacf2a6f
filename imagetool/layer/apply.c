/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/apply.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/layer/apply_internal.h"
#include "libutil/alloc.h"

/* Each with a path of 4 KiB at most. */
#define DIRS_MAX 4096

struct apply *apply_new(int rootfd)
{
	struct apply *a = xcalloc(1, sizeof(*a));

	a->rootfd = rootfd;
	a->uid = geteuid();
	a->gid = getegid();
	a->privileged = a->uid == 0;
	a->parent.dir.fd = -1;
	return a;
}

struct apply *apply_new_overlay(int rootfd, struct view *lower, bool trusted)
{
	struct apply *a = apply_new(rootfd);

	a->overlay = xcalloc(1, sizeof(*a->overlay));
	a->overlay->lower = lower;
	a->overlay->trusted = trusted;
	return a;
}

static void forget_layer(struct apply *a)
{
	parent_forget(a);
	seen_done(&a->seen);
	dir_times_done(&a->dirs);
}

void apply_free(struct apply *a)
{
	if (!a)
		return;
	forget_layer(a);
	overlay_free(a->overlay);
	free(a);
}

const struct apply_notes *apply_notes(const struct apply *a)
{
	return &a->notes;
}

void apply_set_owner(struct apply *a, uid_t uid, gid_t gid)
{
	a->has_owner = true;
	a->owner = uid;
	a->group = gid;
}

void apply_set_keep_root(struct apply *a)
{
	a->keep_root = true;
}

const struct apply_facts *apply_facts(const struct apply *a)
{
	return &a->overlay->facts;
}

/* The parent of a whiteout may be missing: then there is nothing to hide. */
static int apply_whiteout(struct apply *a, enum whiteout kind, const struct entry_path *p,
			  struct err *e)
{
	int r = parent_enter(a, p, false, e);
	autofd int fd = -1;

	if (r == -ENOENT || r == -ENOTDIR) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	/* Removing may close the cached descriptor. */
	fd = dup(a->parent.dir.fd);
	if (fd < 0)
		return err_sys(e, "duplicate a descriptor");
	if (kind == WHITEOUT_OPAQUE)
		return remove_lower_content(a, fd, e);
	return remove_lower(a, fd, a->parent.dir.ino, whiteout_target(p), e);
}

static int apply_entry(struct apply *a, const struct tar_entry *n, struct tar_reader *t,
		       struct err *e)
{
	struct entry_path p;
	enum whiteout kind;
	int r = entry_path_parse(n->name, &p, e);

	if (r < 0)
		return r;
	if (p.len == 0)
		return a->keep_root ? 0 : create_root(a, n, e);
	r = whiteout_parse(&p, &kind, e);
	if (r < 0 || kind == WHITEOUT_AUFS)
		return r;
	if (kind != WHITEOUT_NONE) {
		r = a->overlay ? overlay_whiteout(a, kind, &p, e) : apply_whiteout(a, kind, &p, e);
		return r < 0 ? err_wrap(e, r, "whiteout '%.200s'", p.text) : 0;
	}
	r = parent_enter(a, &p, true, e);
	if (r == 0)
		r = create_entry(a, entry_path_base(&p), &p, n, t, e);
	if (r == OVERLAY_SKIP)
		return 0;
	if (r < 0)
		return err_wrap(e, r, "entry '%.200s'", p.text);
	seen_add(&a->seen, a->parent.dir.ino, entry_path_base(&p));
	return 0;
}

/* What is known about directories is bounded: they get their times now, and what is entered again
 * is looked at again. */
static int bound_dirs(struct apply *a, struct err *e)
{
	if (a->dirs.n < DIRS_MAX)
		return 0;
	parent_leave(a);
	return dir_times_apply(&a->dirs, a->rootfd, e);
}

/* It will be applied again from the beginning: what was left out would be missed by what follows.
 */
static bool is_given_up(const struct apply *a)
{
	return a->overlay && !a->overlay->lower && a->overlay->facts.redo;
}

static int apply_entries(struct apply *a, struct tar_reader *t, struct err *e)
{
	struct tar_entry n;
	int r;

	while ((r = tar_next(t, &n, e)) > 0) {
		r = bound_dirs(a, e);
		if (r < 0)
			return r;
		a->entries++;
		if (is_given_up(a))
			continue;
		if (a->has_owner) {
			n.uid = a->owner;
			n.gid = a->group;
		}
		r = apply_entry(a, &n, t, e);
		if (r < 0)
			return r;
	}
	return r;
}

int apply_layer(struct apply *a, struct tar_reader *t, struct err *e)
{
	int r = apply_entries(a, t, e);

	if (r >= 0)
		parent_leave(a);
	if (r >= 0)
		r = dir_times_apply(&a->dirs, a->rootfd, e);
	if (a->overlay) {
		a->overlay->facts.entries = a->entries;
		a->overlay->facts.size = a->bytes;
	}
	forget_layer(a);
	return r;
}
