/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage collection: mark what is reached, take the rest out of sight, then
 * remove it.
 *
 * Deciding happens under the exclusive "gc" lock and is short: garbage is renamed
 * into one directory below tmp/.  Removing, which may be a hundred thousand files,
 * needs no lock; what a collector that dies leaves there is removed as every dead
 * maker's is.  A document that cannot be read ends the collection before anything
 * is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/errors.h"
#include "imagetool/store/gc_mark.h"
#include "imagetool/store/internal.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"

#define TRASH_PREFIX "gc-"

struct sweep {
	const struct store *store;
	const struct gc_live *live;
	const struct store_gc_opts *opts;
	const char *alg;    /* of the blobs */
	struct temp *trash; /* fd -1: not there yet */
	size_t condemned;
	struct store_gc_result *result;
};

/* Out of sight; removed later. */
static int condemn(struct sweep *sweep, int dirfd, const char *name, struct err *e)
{
	char number[24];
	int r = 0;

	if (sweep->opts->look_only)
		return 0;
	if (sweep->trash->fd < 0)
		r = temp_create_dir(sweep->store, TRASH_PREFIX, sweep->trash, e);
	if (r < 0)
		return r;
	/* A plain layer has one name as blob and as snapshot. */
	(void)snprintf(number, sizeof(number), "%zu", sweep->condemned++);
	if (renameat(dirfd, name, sweep->trash->fd, number) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s'", name);
	return 0;
}

static int sweep_blob(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
		      struct err *e)
{
	struct sweep *sweep = ctx;
	char digest[DIGEST_TEXT_SIZE];
	struct stat st;
	int n = snprintf(digest, sizeof(digest), "%s:%s", sweep->alg, name);

	/* What does not look like a blob was put here by somebody for some reason. */
	if (n < 0 || (size_t)n >= sizeof(digest) || digest_check(digest, NULL) < 0 ||
	    digest_set_has(&sweep->live->blobs, digest))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look at blob '%s'", digest);
	sweep->result->blobs++;
	sweep->result->bytes += (uint64_t)st.st_size;
	return condemn(sweep, dirfd, name, e);
}

static int sweep_snapshot(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
			  struct err *e)
{
	struct sweep *sweep = ctx;
	char now[SNAPSHOT_KEY_SIZE];

	if (!snapshot_key_is_legal(name) || digest_set_has(&sweep->live->snapshots, name))
		return 0;
	sweep->result->snapshots += !snapshot_key_moved(dirfd, name, now);
	return condemn(sweep, dirfd, name, e);
}

/* Its writer is gone, and nobody came back for it. */
static int sweep_partial(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
			 struct err *e)
{
	struct sweep *sweep = ctx;
	autofd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (time(NULL) - st.st_mtime < sweep->opts->partial_age_s)
		return 0;
	sweep->result->partials++;
	sweep->result->bytes += (uint64_t)st.st_size;
	return condemn(sweep, dirfd, name, e);
}

static int sweep_dir(struct sweep *sweep, const char *path, dir_entry_fn *fn, struct err *e)
{
	autofd int fd = dir_open_at(sweep->store->dirfd, path, NULL);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(e, -fd, "open '%s/%s'", sweep->store->path, path);
	return dir_each(fd, fn, sweep, e);
}

static int sweep_all(struct sweep *sweep, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(blob_algorithms) && r >= 0; i++) {
		autofree char *path = xasprintf("blobs/%s", blob_algorithms[i]);

		sweep->alg = blob_algorithms[i];
		r = sweep_dir(sweep, path, sweep_blob, e);
	}
	if (r >= 0)
		r = sweep_dir(sweep, "snapshots", sweep_snapshot, e);
	if (r >= 0)
		r = sweep_dir(sweep, "partial", sweep_partial, e);
	return r;
}

/* gc_mark.h says why in this order. */
static int mark_all(const struct store *s, const struct store_gc_opts *opts, struct gc_live *live,
		    struct err *e)
{
	int r = gc_mark_holds(s, live, e);

	if (r >= 0)
		r = gc_mark_leases(s, opts->look_only, live, e);
	if (r >= 0)
		r = gc_mark_builds(s, live, e);
	if (r >= 0)
		r = gc_mark_index(s, live, e);
	return r < 0 ? r : gc_mark_moved(s, live, e);
}

static int decide(const struct store *s, const struct store_gc_opts *opts, struct temp *trash,
		  struct store_gc_result *result, struct err *e)
{
	auto_(gc_live) struct gc_live live = { 0 };
	struct sweep sweep = {
		.store = s, .live = &live, .opts = opts, .trash = trash, .result = result
	};
	int r = mark_all(s, opts, &live, e);

	return r < 0 ? r : sweep_all(&sweep, e);
}

static int decide_locked(const struct store *s, const struct store_gc_opts *opts,
			 struct temp *trash, struct store_gc_result *result, struct err *e)
{
	int unlocked;
	int r;

	/* Threads of this process share the lock's descriptor. */
	(void)pthread_mutex_lock(&s->hold->mutex);
	r = store_lock_gc(s, LOCK_EX, e);
	if (r >= 0) {
		r = decide(s, opts, trash, result, e);
		unlocked = store_lock_gc(s, LOCK_UN, r < 0 ? NULL : e);
		r = r < 0 ? r : unlocked;
	}
	(void)pthread_mutex_unlock(&s->hold->mutex);
	return r;
}

static int empty_trash(const struct store *s, struct temp *trash, struct err *e)
{
	int r;

	if (trash->fd < 0)
		return 0;
	r = dir_remove_all_at(s->tmpfd, trash->name, e);
	(void)close(trash->fd);
	return r;
}

static int collect(const struct store *s, const struct store_gc_opts *opts,
		   struct store_gc_result *result, struct err *e)
{
	autofd int use = -1;
	struct temp trash = { .fd = -1 };
	int r, emptied;

	if (!s->can_hold)
		return err_set(e, EACCES, "store '%s' cannot be written to", s->path);
	use = store_lock_alone(s, e);
	if (use == -EBUSY) {
		result->busy = true;
		return 0;
	}
	if (use < 0)
		return use;
	r = decide_locked(s, opts, &trash, result, e);
	emptied = empty_trash(s, &trash, r < 0 ? NULL : e);
	if (r >= 0 && !opts->look_only)
		r = boot_settle(s, e);
	return r < 0 ? r : emptied;
}

int store_gc_with(struct store *s, const struct store_gc_opts *opts, struct store_gc_result *ret,
		  struct err *e)
{
	struct store_gc_result result = { 0 };
	int r = collect(s, opts, &result, e);

	if (r < 0)
		return err_wrap(e, r, "collect garbage in store '%s'", s->path);
	*ret = result;
	return 0;
}

int store_gc(struct store *s, struct store_gc_result *ret, struct err *e)
{
	const struct store_gc_opts opts = { .partial_age_s = STORE_PARTIAL_AGE_S };

	return store_gc_with(s, &opts, ret, e);
}
