/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs into a repository, several at a time, only those that it lacks.
 *
 * For each: is it there (HEAD)?  Can another repository of the registry lend it (mount)?  Else it
 * is sent, in one request where it can be, in chunks where the registry wants that or takes no
 * more, and goes on where it stopped after a transfer that broke.  What is sent is hashed on its
 * way: content that is not what its digest says never arrives whole.
 */
#ifndef IMAGETOOL_REGISTRY_UPLOAD_H
#define IMAGETOOL_REGISTRY_UPLOAD_H

#include <sys/types.h>

#include "imagetool/registry/registry.h"

/* Where the bytes of a blob come from; as often as they are asked for. */
struct blob_reader {
	void *ctx;
	/* Go to this byte; comes before the first read, and whenever it has to begin again. */
	int (*seek)(void *ctx, int64_t offset, struct err *e);
	/* At most `len` bytes; 0 at the end. */
	ssize_t (*read)(void *ctx, void *buf, size_t len, struct err *e);
	/* No more reads for now: descriptors can go.  Each later read comes after a seek.  May be
	 * NULL. */
	void (*close)(void *ctx);
};

enum upload_state { UPLOAD_WAITING, UPLOAD_RUNNING, UPLOAD_DONE };
enum upload_outcome {
	UPLOAD_SENT,
	UPLOAD_PRESENT, /* the repository had it */
	UPLOAD_MOUNTED, /* another repository had it */
};

/* One blob.  The first part is set by the caller, the rest zeroed. */
struct upload {
	const char *digest; /* legal */
	int64_t size;
	struct blob_reader reader;
	const char *mount_from; /* repository of the same registry that may have it, or NULL */

	enum upload_state state;
	enum upload_outcome outcome; /* when DONE */
	int64_t sent;                /* how far it is, for progress */
	int64_t travelled;           /* bytes that went out, also those that had to go twice */
	unsigned interruptions;      /* transfers that broke and were resumed */
	bool remembered;             /* it goes on where an earlier run stopped */
};

struct upload_opts {
	/* Directory where unfinished uploads are remembered for the next run; -1: nowhere. */
	int sessions_dirfd;
	int64_t chunk;  /* bytes of one request; 0: all in one, unless the registry wants less */
	bool any_mount; /* let the registry look for the blob in repositories of its choice */
};

/* Bring all there, REGISTRY_PARALLEL at a time.  Stops at the first that fails; `tick` is called
 * often meanwhile. */
int registry_upload(struct registry *r, const struct upload_opts *opts, struct upload *items,
		    size_t n, download_tick_fn *tick, void *ctx, struct err *e);

#endif
