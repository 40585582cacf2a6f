/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image store: a valid OCI image layout, shared by any number of processes.
 *
 *   STORE/oci-layout, STORE/index.json, STORE/blobs/<algorithm>/<hex>
 *   STORE/snapshots/<key>/   layers made ready to mount (snapshot/snapshot.h)
 *   STORE/partial/<digest>   blobs on their way from a registry (partial.h)
 *   STORE/leases/<id>        what is in use beyond a process's life (lease.h)
 *   STORE/tmp/    what is being made, each file and directory flock'ed by its maker, and
 *                 "hold-..." files: what a process that lives relies on
 *   STORE/lock/   "index": exclusive for the moment index.json is replaced
 *                 "gc": exclusive while a collector decides what goes
 *                 "use": shared by readers who may not write hold files
 *
 * Promises, also when a process is killed or the disk is full at any instant:
 * a file in blobs/ has the content its name says; index.json is a whole document
 * that names only blobs that are there (or lacks some because a foreign tool put
 * them in); what a dead writer left in tmp/ is removed by the next writer.
 *
 * When the machine loses power index.json is still whole, the old or the new one,
 * but nothing is synced on the way: that would cost more than a pull.  The first
 * writer after a restart finds blobs that did not get to the disk and removes
 * them (boot.c); snapshots know their boot themselves.  Leases are synced.
 *
 * Names are full references ("docker.io/library/nginx:1.25") in the annotation
 * org.opencontainers.image.ref.name of the descriptors in index.json, so that
 * `skopeo inspect oci:STORE:docker.io/library/nginx:1.25` reads them.  umoci
 * takes only [A-Za-z0-9._-] as a name: give it a layout written by `save`.
 *
 * Any number of threads may use one struct store at once; a struct blob belongs
 * to one thread at a time.  Every digest is checked before it becomes a path.
 *
 * What a process has once seen or put there stays for it until store_free(),
 * whatever others collect meanwhile: blob_exists(), a commit and image_load()
 * hold what they were about.
 */
#ifndef IMAGETOOL_STORE_STORE_H
#define IMAGETOOL_STORE_STORE_H

#include <stdint.h>

#include "libutil/cleanup.h"
#include "libutil/digest.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"
#include "oci-spec/image_spec.h"

#define IMAGE_REF_NAME "org.opencontainers.image.ref.name"
/* On a descriptor of index.json: digest of the image index its manifest was chosen from. */
#define IMAGE_SOURCE_INDEX "io.creel.image.source-index"

struct store;

enum store_access {
	STORE_READ, /* must exist; may be a layout on read-only media, or one of skopeo's or umoci's
		     */
	STORE_WRITE,  /* must exist; leftovers of dead writers are removed */
	STORE_CREATE, /* as STORE_WRITE, and made (0700) when missing or empty */
};

/* A directory that is not empty and no OCI layout is refused. */
int store_open(const char *path, enum store_access access, struct store **ret, struct err *e);
void store_free(struct store *s);
AUTO_DEFINE(store, store_free)

/* The directory as it was given. */
const char *store_path(const struct store *s);
/* Its descriptor, owned by the store; for openat() of "tmp" and the like. */
int store_dirfd(const struct store *s);

/* ---- Blobs ---- */

/* A regular file is there for this digest and, with size >= 0, has this size. */
bool blob_exists(const struct store *s, const char *digest, int64_t size);
/* Returns a read-only descriptor; *ret_size (may be NULL) is the file's size.  The content is
 * trusted to have been right when it was written; who must be sure hashes it while reading. */
int blob_open(const struct store *s, const char *digest, int64_t *ret_size, struct err *e);
/* Read a small blob whole and check digest and size (-1: unknown).  *ret is NUL-terminated and
 * owned. */
int blob_read(const struct store *s, const char *digest, int64_t size, size_t max, char **ret,
	      size_t *ret_len, struct err *e);

/* One blob on its way in: bytes are written once and hashed as they pass. */
struct blob;

/* `digest` NULL and `size` -1 mean not known before; copied.  The temporary is locked by this
 * process. */
int blob_begin(struct store *s, const char *digest, int64_t size, struct blob **ret, struct err *e);
/* Refuses (-IMAGE_EVERIFY) what goes beyond the expected size. */
int blob_write(struct blob *b, const void *data, size_t len, struct err *e);
/* Bytes so far: where a broken transfer resumes. */
int64_t blob_size(const struct blob *b);
/* Start again from nothing. */
int blob_restart(struct blob *b, struct err *e);
/* Verify, fsync, rename into blobs/.  On success and failure `b` is freed.  ret_digest may be NULL.
 */
int blob_commit(struct blob *b, char ret_digest[DIGEST_TEXT_SIZE], struct err *e);
/* Drop it; accepts NULL. */
void blob_abort(struct blob *b);
AUTO_DEFINE(blob, blob_abort)

/* begin, write, commit in one, for documents made here.  ret_digest may be NULL. */
int blob_add(struct store *s, const void *data, size_t len, char ret_digest[DIGEST_TEXT_SIZE],
	     struct err *e);
/* The same of a text, `what` in messages, and its descriptor, whose digest is in `a`. */
int blob_add_text(struct store *s, const struct strbuf *text, const char *what,
		  const char *media_type, struct arena *a, struct image_descriptor *ret,
		  struct err *e);

/* ---- Holding ---- */

/*
 * Nobody's garbage until store_free().  Hold first, look afterwards: what is there then stays.  The
 * blob functions do it by themselves; these are for who goes by a path.
 */
int store_hold_blob(const struct store *s, const char *digest, struct err *e);
/* A manifest or an index, and all it refers to. */
int store_hold_image(const struct store *s, const struct image_descriptor *desc, struct err *e);
/* A directory of STORE/snapshots. */
int store_hold_snapshot(const struct store *s, const char *key, struct err *e);

/* ---- Names ---- */

/* One descriptor of index.json.  Memory belongs to the arena it was read into. */
struct store_image {
	const char *name;                    /* "" when the descriptor has no name */
	const struct image_descriptor *desc; /* of a manifest or an index */
	bool by_digest; /* found by digest or id: the same image may have more names */
};

/* The whole of index.json as it is now. */
int store_index(const struct store *s, struct arena *a, struct image_index **ret, struct err *e);
/* The name of a descriptor of index.json, "" when it has none. */
const char *store_name_of(const struct image_descriptor *desc);

/*
 * Find an image by what a person types, in this order: the exact name in index.json; the full
 * reference it abbreviates ("nginx" is docker.io/library/nginx:latest); digest of its manifest or
 * config (image id), whole or at least its first 4 hex digits, with or without "sha256:".
 * -IMAGE_ENOTFOUND; an ambiguous prefix is -EINVAL.
 */
int store_resolve(const struct store *s, const char *text, struct arena *a, struct store_image *ret,
		  struct err *e);

/* Give `name` to a descriptor; the name's old holder loses it (and its entry).  The blobs it needs
 * must be there already.  desc's own ref.name annotation is replaced; the rest is written as it is.
 */
int store_tag(struct store *s, const char *name, const struct image_descriptor *desc,
	      struct err *e);
/* Take a name away; the descriptor's entry goes with it.  -IMAGE_ENOTFOUND when no entry has it. */
int store_untag(struct store *s, const char *name, struct err *e);
/* Take away every entry with this manifest digest.  Returns how many there were. */
int store_untag_digest(struct store *s, const char *digest, struct err *e);
/* Take away its entries without a name, and no others.  Returns how many there were. */
int store_untag_nameless(struct store *s, const char *digest, struct err *e);

struct store_gc_result {
	bool busy; /* a process that may not write here reads the store: nothing was removed, the
		      next collection will */
	uint64_t blobs, snapshots, partials; /* removed */
	uint64_t bytes;                      /* of blobs and partials */
};
struct store_gc_opts {
	bool look_only;        /* count, remove nothing */
	int64_t partial_age_s; /* broken downloads that nobody touched for so long go as well */
};
/* Somebody who wanted the rest would have come back by then. */
#define STORE_PARTIAL_AGE_S ((int64_t)7 * 24 * 3600)

/*
 * Remove blobs and snapshots that nothing reaches: names of index.json, through indexes, manifests,
 * configs, layers and subjects; leases; what processes hold.  The store may be in use meanwhile.
 */
int store_gc(struct store *s, struct store_gc_result *ret, struct err *e);
int store_gc_with(struct store *s, const struct store_gc_opts *opts, struct store_gc_result *ret,
		  struct err *e);

#endif
