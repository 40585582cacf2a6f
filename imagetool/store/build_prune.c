/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/build_prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "imagetool/store/gc_mark.h"
#include "imagetool/store/internal.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/lock_wait.h"

#define MOUNTS_DIR   "build/mounts"
#define LOCK_SUFFIX  ".lock"
#define TRASH_PREFIX "gc-"

/* ---- Deciding ---- */

static bool is_pointer(const struct build_prune_item *i)
{
	return !streq(i->key, i->target);
}

/* Used last comes first; by key, so that the same set is always decided the same. */
static int by_use(const void *a, const void *b)
{
	const struct build_prune_item *x = a, *y = b;

	if (x->used != y->used)
		return x->used < y->used ? 1 : -1;
	return strcmp(x->key, y->key);
}

static bool may_go(const struct build_prune_item *i, const struct build_prune_opts *o)
{
	return (o->all || !i->shared) && (!o->has_before || i->used < o->before);
}

static bool is_kept(const struct build_prune_item *items, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (streq(items[i].key, key))
			return !items[i].doomed && !is_pointer(&items[i]);
	return false;
}

void build_prune_decide(struct build_prune_item *items, size_t n,
			const struct build_prune_opts *opts)
{
	int64_t sum = 0;

	if (n)
		qsort(items, n, sizeof(*items), by_use);
	for (size_t i = 0; i < n; i++) {
		if (is_pointer(&items[i]))
			continue;
		sum += items[i].bytes;
		items[i].doomed = may_go(&items[i], opts) && sum > opts->keep;
	}
	/* What leads nowhere is of no use to anybody. */
	for (size_t i = 0; i < n; i++)
		if (is_pointer(&items[i]))
			items[i].doomed = !is_kept(items, n, items[i].target);
}

/* ---- Looking ---- */

struct listing {
	const struct store *store;
	struct gc_live live; /* of images */
	struct build_prune_item *items;
	size_t n, cap;
};

static int list_one(const char *key, const struct build_record *rec, void *ctx,
		    struct err *e UNUSED)
{
	struct listing *l = ctx;
	struct build_prune_item i = { .used = rec->used, .bytes = rec->size };

	memcpy(i.key, key, sizeof(i.key));
	/* A damaged one is its own, and has nothing. */
	memcpy(i.target, rec->key[0] ? rec->key : key, sizeof(i.target));
	for (size_t k = 0; k < rec->n_layers; k++) {
		i.bytes += rec->layers[k].size;
		i.shared |= digest_set_has(&l->live.blobs, rec->layers[k].digest);
	}
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->items = xreallocarray(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = i;
	return 0;
}

/* ---- What cache mounts keep ---- */

struct mounts {
	struct store *store;
	const struct build_prune_opts *opts;
	struct build_prune_result *result;
};

/* Whoever uses it holds the lock, shared or alone; 1: it is ours, and still the one that is there.
 */
static int lock_alone(int dirfd, const char *name, int *ret_fd)
{
	autofd int fd = openat(dirfd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || !lock_is_still_there(dirfd, name, fd))
		return 0;
	*ret_fd = steal_fd(&fd);
	return 1;
}

/* Out of sight at once, as a whole. */
static int remove_mount(struct mounts *m, int dirfd, const char *name, const char *lock,
			struct err *e)
{
	struct temp trash = { .fd = -1 };
	int r = temp_create_dir(m->store, TRASH_PREFIX, &trash, e);

	if (r < 0)
		return r;
	if (renameat(dirfd, name, trash.fd, "0") < 0 && errno != ENOENT)
		r = err_sys(e, "remove cache mount '%s'", name);
	else if (unlinkat(dirfd, lock, 0) < 0)
		r = err_sys(e, "remove '%s'", lock);
	if (r >= 0)
		r = dir_remove_all_at(m->store->tmpfd, trash.name, e);
	(void)close(trash.fd);
	return r;
}

static int visit_lock(int dirfd, const char *lock, unsigned char type UNUSED, void *ctx,
		      struct err *e)
{
	struct mounts *m = ctx;
	size_t len = strlen(lock), cut = strlen(LOCK_SUFFIX);
	autofree char *name = NULL;
	autofd int fd = -1;
	struct stat st;

	if (len <= cut || !streq(lock + len - cut, LOCK_SUFFIX))
		return 0;
	name = xstrndup(lock, len - cut);
	if (!lock_alone(dirfd, lock, &fd))
		return 0;
	if (m->opts->has_before && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_mtim.tv_sec >= m->opts->before)
		return 0;
	m->result->mounts++;
	return m->opts->look_only ? 0 : remove_mount(m, dirfd, name, lock, e);
}

static int visit_mounts(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
			struct err *e)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? 0 : dir_each(fd, visit_lock, ctx, e);
}

static int prune_mounts(struct mounts *m, struct err *e)
{
	autofd int fd = dir_open_at(m->store->dirfd, MOUNTS_DIR, NULL);

	return fd < 0 ? 0 : dir_each(fd, visit_mounts, m, e);
}

/* ---- Who was killed while he made something ---- */

static int remove_unlocked(int dirfd, const char *name, unsigned char type UNUSED, void *ctx UNUSED,
			   struct err *e UNUSED)
{
	autofd int fd = -1;

	if (lock_alone(dirfd, name, &fd))
		(void)unlinkat(dirfd, name, 0);
	return 0;
}

static int sweep_making(const struct store *s, struct err *e)
{
	autofd int fd = dir_open_at(s->dirfd, BUILD_MAKING_DIR, NULL);

	return fd < 0 ? 0 : dir_each(fd, remove_unlocked, NULL, e);
}

/* ---- Doing ---- */

static int remove_doomed(struct store *s, const struct listing *l,
			 const struct build_prune_opts *opts, struct build_prune_result *ret,
			 struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < l->n && r >= 0; i++) {
		if (!l->items[i].doomed)
			continue;
		if (!is_pointer(&l->items[i])) {
			ret->records++;
			ret->bytes += (uint64_t)l->items[i].bytes;
		}
		r = opts->look_only ? 0 : build_cache_remove(s, l->items[i].key, e);
	}
	return r;
}

int build_prune(struct store *s, const struct build_prune_opts *opts,
		struct build_prune_result *ret, struct err *e)
{
	struct listing l = { .store = s };
	struct mounts m = { s, opts, ret };
	int r;

	*ret = (struct build_prune_result){ 0 };
	r = gc_mark_index(s, &l.live, e);
	if (r >= 0)
		r = build_cache_each(s, list_one, &l, e);
	if (r >= 0) {
		build_prune_decide(l.items, l.n, opts);
		r = remove_doomed(s, &l, opts, ret, e);
	}
	if (r >= 0 && opts->all && !opts->keep)
		r = prune_mounts(&m, e);
	if (r >= 0 && !opts->look_only)
		r = sweep_making(s, e);
	gc_live_done(&l.live);
	free(l.items);
	return r;
}

static int count_one(const char *key, const struct build_record *rec, void *ctx,
		     struct err *e UNUSED)
{
	struct build_prune_result *sum = ctx;

	if (!streq(rec->key, key))
		return 0;
	sum->records++;
	sum->bytes += (uint64_t)rec->size;
	for (size_t i = 0; i < rec->n_layers; i++)
		sum->bytes += (uint64_t)rec->layers[i].size;
	return 0;
}

int build_prune_count(const struct store *s, struct build_prune_result *ret, struct err *e)
{
	*ret = (struct build_prune_result){ 0 };
	return build_cache_each(s, count_one, ret, e);
}
