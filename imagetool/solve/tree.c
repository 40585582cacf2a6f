/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of vertices: which snapshots lie over one another, and how they are mounted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imagetool/mount/overlay.h"
#include "imagetool/solve/internal.h"
#include "imagetool/solve/plain.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"

#define ROOT_MODE 0755
/* A snapshot is renamed once in its life, when it is packed. */
#define OPEN_TRIES        3
#define SCRATCH_NAME_SIZE 24

static bool is_listed(const struct snapshot_stack *st, const char *key)
{
	for (size_t i = 0; i < st->n; i++)
		if (streq(st->lower[i].key, key))
			return true;
	return false;
}

static void push(struct snapshot_stack *st, struct snapshot_lower *lower)
{
	st->lower = xreallocarray(st->lower, st->n + 1, sizeof(*st->lower));
	st->lower[st->n++] = *lower;
	*lower = (struct snapshot_lower){ 0 };
}

static void push_copies(struct snapshot_stack *st, const struct snapshot_stack *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct snapshot_lower copy = { .form = from->lower[i].form,
					       .key = xstrdup(from->lower[i].key),
					       .path = xstrdup(from->lower[i].path) };

		if (is_listed(st, copy.key)) {
			free(copy.key);
			free(copy.path);
			continue;
		}
		push(st, &copy);
	}
	st->root = from->root;
	if (st->root.from >= 0)
		st->root.from += (int)(st->n - from->n);
}

static char *key_now(struct solve *s, struct task *n)
{
	char *key;

	(void)pthread_mutex_lock(&s->lock);
	key = n->rec.snapshot ? xstrdup(n->rec.snapshot) : NULL;
	(void)pthread_mutex_unlock(&s->lock);
	return key;
}

/* Another process may have packed it since the record was read. */
static void read_again(struct solve *s, struct task *n)
{
	auto_(build_record) struct build_record now = { 0 };
	auto_(claim) struct claim c = CLAIM_NONE;

	/* It has its new name before its record does. */
	if (solve_claim(s, n->key, true, &c, NULL) < 0 ||
	    build_cache_find(s->opts->store, n->key, &now, NULL) <= 0 || !now.snapshot)
		return;
	(void)pthread_mutex_lock(&s->lock);
	free(n->rec.snapshot);
	n->rec.snapshot = steal_ptr(&now.snapshot);
	(void)pthread_mutex_unlock(&s->lock);
}

int tree_open_built(struct solve *s, const struct task *n, const char *key,
		    struct snapshot_lower *ret, struct err *e)
{
	struct snapshot_lower lower = { 0 };
	int r = built_open(s->snaps, key, &lower, e);

	if (r < 0)
		return r;
	if (!plain_fits(s, n->v, lower.form)) {
		free(lower.key);
		free(lower.path);
		return err_set(e, ENOENT, "snapshot '%s' was made for another file system", key);
	}
	*ret = lower;
	return 0;
}

static int push_built(struct solve *s, struct task *n, struct snapshot_stack *st, struct err *e)
{
	struct snapshot_lower lower = { 0 };
	int r = -ENOENT;

	for (int i = 0; i < OPEN_TRIES && r == -ENOENT; i++) {
		autofree char *key = key_now(s, n);

		if (i > 0)
			err_clear(e);
		if (!key)
			return err_set(e, ENOENT, "nothing was made of '%s'", n->v->name);
		if (key[0] == '\0' || is_listed(st, key))
			return 0;
		r = tree_open_built(s, n, key, &lower, e);
		if (r == -ENOENT)
			read_again(s, n);
	}
	if (r < 0)
		return r;
	/* Under the name it has now. */
	if (is_listed(st, lower.key)) {
		free(lower.key);
		free(lower.path);
		return 0;
	}
	push(st, &lower);
	return 0;
}

/* Nothing below it is needed. */
static bool is_whole(const struct snapshot_stack *st)
{
	return st->n && st->lower[st->n - 1].form == SNAPSHOT_PLAIN;
}

int tree_stack(struct solve *s, size_t vertex, struct snapshot_stack *ret, struct err *e)
{
	auto_(snapshot_stack) struct snapshot_stack st = { 0 };
	int r = 0;

	st.root = (struct snapshot_root){ .from = -1, .mode = ROOT_MODE };
	while (vertex != NO_VERTEX && r >= 0) {
		struct task *n = &s->nodes[vertex];

		if (n->has_stack)
			push_copies(&st, &n->stack);
		else
			r = push_built(s, n, &st, e);
		vertex = is_whole(&st) ? NO_VERTEX : vertex_below(n->v);
	}
	if (r < 0)
		return r;
	if (st.n > SNAPSHOT_LAYERS_MAX)
		return err_set(
			e, E2BIG,
			"more than %d layers: join instructions, or build on a squashed image",
			SNAPSHOT_LAYERS_MAX);
	*ret = st;
	st = (struct snapshot_stack){ 0 };
	return 0;
}

/* ---- Mounted for reading ---- */

static void scratch_name(unsigned i, char ret[SCRATCH_NAME_SIZE])
{
	(void)snprintf(ret, SCRATCH_NAME_SIZE, "tree-%u", i);
}

/* A directory of its own for each, below one that goes with the solve. */
int tree_scratch_dir(struct solve *s, struct err *e)
{
	char name[SCRATCH_NAME_SIZE];
	int r = s->scratch.fd < 0 ? built_begin(s->snaps, &s->scratch, e) : 0;

	if (r < 0)
		return r;
	scratch_name(s->n_scratch++, name);
	if (mkdirat(s->scratch.fd, name, 0700) < 0)
		return err_sys(e, "make directory '%s'", name);
	return dir_open_at(s->scratch.fd, name, e);
}

void tree_scratch_done(struct solve *s)
{
	char name[SCRATCH_NAME_SIZE];

	if (s->scratch.fd < 0)
		return;
	for (unsigned i = 0; i < s->n_scratch; i++) {
		autofd int fd = -1;

		scratch_name(i, name);
		fd = dir_open_at(s->scratch.fd, name, NULL);
		if (fd >= 0)
			overlay_unshow(fd);
	}
	built_drop(s->snaps, &s->scratch);
}

static int mount_tree(struct solve *s, size_t vertex, struct err *e)
{
	auto_(snapshot_stack) struct snapshot_stack st = { 0 };
	autofd int dirfd = -1;
	int r = tree_stack(s, vertex, &st, e);

	if (r < 0)
		return r;
	if (st.n > 0 && plain_is_needed(s))
		return plain_open(s, &st, e);
	(void)pthread_mutex_lock(&s->lock);
	dirfd = r = tree_scratch_dir(s, e);
	(void)pthread_mutex_unlock(&s->lock);
	/* Nothing came of the steps on scratch: no overlay is without layers. */
	if (r >= 0 && st.n == 0)
		return steal_fd(&dirfd);
	if (r >= 0)
		r = overlay_prepare(dirfd, &st, false, e);
	return r < 0 ? r : overlay_mount_shared(dirfd, &st, e);
}

int tree_open(struct solve *s, size_t vertex, struct err *e)
{
	struct task *n = &s->nodes[vertex];
	int fd;

	(void)pthread_mutex_lock(&s->lock);
	fd = n->treefd;
	(void)pthread_mutex_unlock(&s->lock);
	if (fd >= 0)
		return fd;
	fd = mount_tree(s, vertex, e);
	if (fd < 0)
		return err_wrap(e, fd, "the files of '%s'", n->v->name);
	(void)pthread_mutex_lock(&s->lock);
	/* Another thread may have been first. */
	if (n->treefd >= 0)
		(void)close(fd);
	else
		n->treefd = fd;
	fd = n->treefd;
	(void)pthread_mutex_unlock(&s->lock);
	return fd;
}

int tree_open_empty(struct solve *s, struct err *e)
{
	int fd;

	(void)pthread_mutex_lock(&s->lock);
	if (s->emptyfd < 0)
		s->emptyfd = tree_scratch_dir(s, e);
	fd = s->emptyfd;
	(void)pthread_mutex_unlock(&s->lock);
	return fd;
}

int tree_for_step(struct solve *s, size_t vertex, struct step_tree *ret, struct err *e)
{
	const struct task *n = vertex == NO_VERTEX ? NULL : &s->nodes[vertex];

	*ret = (struct step_tree){ .fd = -1 };
	if (!n)
		return 0;
	if (n->v->kind == VERTEX_CONTEXT) {
		ret->context = n->context;
		ret->fd = context_rootfd(n->context);
		return 0;
	}
	ret->key = n->key;
	ret->fd = tree_open(s, vertex, e);
	return ret->fd < 0 ? ret->fd : 0;
}
