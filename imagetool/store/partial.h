/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blob that comes from afar and survives its process: STORE/partial/<digest>,
 * locked by who writes it, and found again by the next who wants that blob.
 *
 * One thread appends while another reads what is there, so that the file is also
 * the ring between network and unpacking: of any size, in the page cache, and the
 * same after a crash as without one.  Nothing here hashes; who reads all of it
 * does, and says so by partial_commit().
 */
#ifndef IMAGETOOL_STORE_PARTIAL_H
#define IMAGETOOL_STORE_PARTIAL_H

#include "imagetool/store/store.h"

#define PARTIAL_DIR "partial"

struct partial;

enum partial_found {
	PARTIAL_OURS,  /* opened, with what was there before */
	PARTIAL_THERE, /* the store has the blob: nothing to do */
	PARTIAL_BUSY,  /* another process or thread is at it: ask again later */
};

/* Returns an enum partial_found, or a negative errno.  *ret is set for PARTIAL_OURS. */
int partial_open(struct store *s, const char *digest, int64_t size, struct partial **ret,
		 struct err *e);
/* Bytes of it that are there, whoever writes it; 0 when there are none. */
int64_t partial_look(const struct store *s, const char *digest);

int64_t partial_size(const struct partial *p);
/* Append.  Refuses (-IMAGE_EVERIFY) what goes beyond the blob's size.  Small pieces are gathered:
 * partial_size() says how far the file is. */
int partial_write(struct partial *p, const void *data, size_t len, struct err *e);
int partial_flush(struct partial *p, struct err *e);
/* Start again from nothing. */
int partial_restart(struct partial *p, struct err *e);
/* At most `len` bytes at `offset`, beside a writer.  Returns how many. */
int partial_read(const struct partial *p, int64_t offset, void *buf, size_t len, struct err *e);

/* Rename it into blobs/.  The caller has hashed all of it.  `p` is freed in any case; on failure
 * the file stays. */
int partial_commit(struct partial *p, struct err *e);
/* Keep it for the next one. */
void partial_close(struct partial *p);
/* Its content is wrong: nobody shall go on with it.  Takes the name away, also beside a writer;
 * close it as well. */
void partial_disown(const struct partial *p);
AUTO_DEFINE(partial, partial_close)

#endif
