/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directories, ROOT/ID/, each with
 *
 *   state.json   the record (record.h), replaced atomically
 *   state.json.made  what it will say when init has come so far (init.h), while `run` makes it
 *   config.json  the document as it was read at create, and changed by `update` since: edits in the
 *                bundle have no effect
 *   start.sock   the start gate, while nobody has said `start`
 *   exit.json    how it ended, when somebody was told (ending.h)
 *   criu-root/   where a root file system is bound while criu restores a container
 *   poststop     how many poststop hooks are done, while they run (poststop.h)
 *   notify/      where a container tells systemd's protocol that it is ready
 *
 * and ROOT/.seccomp/, compiled filters (seccomp/cache.h); no container's id begins with a dot.
 *
 * The lock is a flock(2) on the directory itself: create, start, update and
 * delete exclude one another; everything else only reads.
 */
#ifndef RUNTIME_CONTAINER_STORE_H
#define RUNTIME_CONTAINER_STORE_H

#include "libutil/cleanup.h"
#include "libutil/err.h"

#define STORE_STATE      "state.json"
#define STORE_STATE_MADE "state.json.made"
#define STORE_CONFIG     "config.json"
#define STORE_CONFIG_NEW "config.json.new"
#define STORE_GATE       "start.sock"
#define STORE_CRIU_ROOT  "criu-root"
#define STORE_NOTIFY     "notify"
#define STORE_POSTSTOP   "poststop"
#define STORE_SECCOMP    ".seccomp"

struct store {
	int rootfd;       /* -1: there is no ROOT, so it holds no container */
	const char *root; /* borrowed, for messages */
	bool roots;       /* nobody but root can have made what is in it */
};
#define STORE_NONE                                                                                 \
	{                                                                                          \
		.rootfd = -1                                                                       \
	}

/* Open ROOT; when it is missing it is made with 01700 if `make`, else it counts as empty. */
int store_open(struct store *s, const char *root, bool make, struct err *e);
/* Open the directory of compiled filters, made when it is missing.  -1: do without, it only saves
 * time.  The descriptor is the caller's. */
int store_open_seccomp(const struct store *s);
void store_done(struct store *s);
AUTO_DEFINE_DONE(store, store_done)

/* Make and lock a new container's directory.  Returns its descriptor; a known id is -EEXIST. */
int store_make(const struct store *s, const char *id, struct err *e);
/* Open a container's directory; -ENOENT says that the container does not exist. */
int store_find(const struct store *s, const char *id, struct err *e);
/* Open a container's state.json without its directory, where all is root's.  -1: go by
 * store_find(), which says why when that fails, too. */
int store_open_state(const struct store *s, const char *id);
/* Remove a container's directory with all in it. */
int store_remove(const struct store *s, const char *id, struct err *e);

/* Wait for the lock of a directory of store_find(); -ENOENT when it was removed meanwhile. */
int store_lock(int dirfd, const char *id, struct err *e);
/* Does somebody make, change or remove this container at the moment?  `dirfd` must be an open file
 * of its own: its own lock would be given away. */
bool store_is_locked(int dirfd);
/* The lock belongs to the open file, which a forked process shares: unlock by name, not by close.
 */
void store_unlock(int dirfd);

#endif
