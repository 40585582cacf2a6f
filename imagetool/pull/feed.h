/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One blob between the thread that receives it and the worker that hashes and
 * unpacks it.  The bytes go by way of the partial file (store/partial.h): the
 * receiver appends, the worker reads behind it.  So a slow worker holds up no
 * transfer, memory does not depend on the blob's size, and a broken download is
 * fed again from its beginning by the same reads.
 */
#ifndef IMAGETOOL_PULL_FEED_H
#define IMAGETOOL_PULL_FEED_H

#include <pthread.h>

#include "imagetool/codec/decompress.h"
#include "imagetool/registry/registry.h"
#include "imagetool/store/partial.h"

enum feed_state {
	FEED_WAITING,  /* nobody has begun with it */
	FEED_ARRIVING, /* there is something to read, and more to come */
	FEED_WHOLE,    /* all bytes are there */
	FEED_STORED,   /* the store has the blob */
	FEED_ENDED,    /* nothing more will come: the pull has failed */
};

struct feed {
	const char *digest;
	int64_t size;
	struct store *store;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* Under the mutex. */
	enum feed_state state;
	int64_t arrived;
	struct partial *partial; /* from ARRIVING to the worker's end; its writer needs no lock */
	bool resumed;            /* some of it is from an earlier run */
	/* The worker's. */
	int blobfd;       /* of a stored blob; -1: none */
	int64_t consumed; /* read by progress without the lock: a picture may be a little old */
};

void feed_init(struct feed *f, struct store *s, const char *digest, int64_t size);
void feed_done(struct feed *f);

/* ---- The receiving side ---- */

/* Its ctx is the feed. */
extern const struct download_sink feed_sink;
/* The blob was in the store from the beginning. */
void feed_set_stored(struct feed *f);
/* Wakes a worker that waits, with -ECANCELED. */
void feed_cancel(struct feed *f);

/* ---- The worker's side ---- */

/* Is it known where it comes from?  While another process fetches it, it is not. */
bool feed_has_begun(struct feed *f);
/* Wait until there is something to read, or everything is there.  -ECANCELED. */
int feed_wait(struct feed *f, struct err *e);
/* A byte_source's read; ctx is the feed. */
int feed_read(void *feed, void *buf, size_t size, struct err *e);
/* The worker has seen all of it, and it is what it should be: into the store. */
int feed_commit(struct feed *f, struct err *e);
/* It is not: nobody shall go on with it.  Returns whether it was begun by an earlier run, so that
 * it is worth one more try from nothing. */
bool feed_discard(struct feed *f);

#endif
