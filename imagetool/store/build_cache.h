/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What builds have made and may find again: STORE/build/cache/KEY, one small
 * document each.
 *
 * A record names a snapshot and blobs, and keeps both from the collector as long
 * as it is there.  It is found by a key, which says everything that made it
 * (solve/); its file's time of modification is when it was used last.  A record
 * that is damaged, or whose things are gone, is as good as none.
 *
 * What a process finds or writes it holds until its store is closed, whoever
 * prunes meanwhile.
 */
#ifndef IMAGETOOL_STORE_BUILD_CACHE_H
#define IMAGETOOL_STORE_BUILD_CACHE_H

#include "imagetool/store/store.h"
#include "libutil/strbuf.h"

#define BUILD_DIR       "build"
#define BUILD_CACHE_DIR "build/cache"
/* Files named by keys, locked by who makes what they stand for (solve/claim.c). */
#define BUILD_MAKING_DIR "build/making"
/* 64 hex digits and a NUL */
#define BUILD_KEY_SIZE 65

/* One way in which it was packed. */
struct build_layer {
	enum layer_compression kind;
	int level;       /* 0: the default */
	bool has_latest; /* times of files were cut off there */
	int64_t latest;
	char diff_id[DIGEST_TEXT_SIZE];
	char digest[DIGEST_TEXT_SIZE]; /* of the blob */
	int64_t size;                  /* of the blob */
};

struct build_record {
	char key[BUILD_KEY_SIZE]; /* under which others count it; its own file's name, or another's:
				   * then this one only points there */
	char *snapshot;  /* directory of STORE/snapshots; "": it changed nothing; NULL: there
			  * is none, only layers */
	char *name;      /* for people: "RUN make"; may be NULL */
	char *note;      /* what helps to fetch a source again; may be NULL */
	int64_t created; /* seconds */
	int64_t size;    /* bytes of its files */
	struct build_layer *layers; /* owned */
	size_t n_layers;
	int64_t used; /* seconds; not in the document */
};
void build_record_done(struct build_record *r);
AUTO_DEFINE_DONE(build_record, build_record_done)

bool build_key_is_legal(const char *key);
/* The layer packed so; NULL. */
const struct build_layer *build_record_layer(const struct build_record *r,
					     const struct build_layer *like);
void build_record_add_layer(struct build_record *r, const struct build_layer *layer);

void build_record_encode(const struct build_record *r, struct strbuf *out);
int build_record_decode(const char *text, size_t len, struct build_record *ret, struct err *e);

/* Follows one that points to another.  1: found, and what it names is held; 0: there is none. */
int build_cache_find(const struct store *s, const char *key, struct build_record *ret,
		     struct err *e);
/* It was of use: what is pruned first changes. */
void build_cache_touch(const struct store *s, const char *key);
/* Under `key`, in place of another; with another key in `r` it only points there. */
int build_cache_put(struct store *s, const char *key, const struct build_record *r, struct err *e);
/* -ENOENT is success. */
int build_cache_remove(struct store *s, const char *key, struct err *e);

/* Each record, without following; damaged ones have nothing but `used`.  Stops at the first value
 * != 0. */
typedef int build_cache_fn(const char *key, const struct build_record *r, void *ctx, struct err *e);
int build_cache_each(const struct store *s, build_cache_fn *fn, void *ctx, struct err *e);

#endif
