/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: what uses parts of the store for longer than a process of ours lives.
 * A bundle whose root is an overlay on snapshots, or a mount, takes one; no
 * collection of garbage removes a blob or snapshot that a living lease names.
 *
 *   STORE/leases/<id>   {"path":"/abs/bundle","pid":7,"pidStart":123,
 *                        "digests":["sha256:..."],"snapshots":["<key>"]}
 *
 * A lease proves by itself that its user lives: `path` is there (a bundle's
 * directory, a mount point), or the process `pid` that started at `pidStart`
 * runs; each is enough.  One without either lives until lease_drop().  The
 * collector removes dead ones.
 */
#ifndef IMAGETOOL_STORE_LEASE_H
#define IMAGETOOL_STORE_LEASE_H

#include <sys/types.h>

#include "imagetool/store/store.h"
#include "libutil/strv.h"

/* 32 hex digits and a NUL. */
#define LEASE_ID_SIZE 33

struct lease {
	const char *id;   /* id_check() says what is legal */
	const char *path; /* absolute, or NULL */
	pid_t pid;        /* 0: none */
	uint64_t pid_start;
	/* Of blobs; a manifest or an index stands for all it refers to. */
	const char *const *digests;
	size_t n_digests;
	const char *const *snapshots; /* their keys: names below STORE/snapshots */
	size_t n_snapshots;
};

/* The id of the one lease that belongs to a path: take again to replace, drop without knowing more.
 * The path must be absolute and is not looked at. */
void lease_id_of(const char *path, char ret_id[LEASE_ID_SIZE]);

/* Write it, in place of another with this id.  -IMAGE_ENOTFOUND when something it names is not
 * there: somebody removed it meanwhile, make it anew.  Durable on return. */
int lease_take(struct store *s, const struct lease *l, struct err *e);
/* Returns 1, or 0 when there was none. */
int lease_drop(struct store *s, const char *id, struct err *e);

/* Does its user live? */
bool lease_lives(const struct lease *l);

/* Each lease there is; stops at the first value != 0 and returns it.  `l` is valid for the call.
 * One that cannot be read is an error: what it protects is not known. */
typedef int lease_fn(const struct lease *l, void *ctx, struct err *e);
int lease_each(const struct store *s, lease_fn *fn, void *ctx, struct err *e);

#endif
