/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer's bytes on their way to a blob: compressed, with both digests made as
 * they flow.  All cores work on one stream: it is cut into blocks, and each
 * becomes a frame of its own (frame.h).  The caller's thread fills blocks, gives
 * frames to the sink in order, and compresses too while it would have to wait.
 *
 * The result depends on the bytes, the format, the level and the version of the
 * library, not on the number of threads.  Memory: COMPRESS_THREADS_MAX + 2 blocks
 * and their frames at most, 24 MB with gzip on many cores.
 */
#ifndef IMAGETOOL_CODEC_COMPRESS_H
#define IMAGETOOL_CODEC_COMPRESS_H

#include <stdint.h>

#include "imagetool/codec/byte_sink.h"
#include "libutil/cleanup.h"
#include "libutil/digest.h"
#include "oci-spec/image_spec.h"

/* More threads than this make one stream no faster: files can't be read so fast. */
#define COMPRESS_THREADS_MAX 8

struct compress_opts {
	enum layer_compression kind;
	int level;   /* 0: the format's default */
	int threads; /* with the caller's; 0: one a core */
	bool cuts;   /* compress_cut() will be asked where frames lie */
};

struct compress_result {
	char diff_id[DIGEST_TEXT_SIZE]; /* of the bytes that came in */
	char digest[DIGEST_TEXT_SIZE];  /* of those that went out */
	int64_t size;                   /* of those that went out */
	int64_t plain_size;
};

struct compress;

/* -EINVAL when the format has no such level; compress_new() asks it too. */
int compress_check_level(const struct compress_opts *opts, struct err *e);
int compress_new(struct byte_sink to, const struct compress_opts *opts, struct compress **ret,
		 struct err *e);
/* Also in the middle: what was not given to the sink is lost. */
void compress_free(struct compress *c);
AUTO_DEFINE(compress, compress_free)

int compress_write(struct compress *c, const void *data, size_t len, struct err *e);
/* The same for who writes to a sink. */
struct byte_sink compress_sink(struct compress *c);
/*
 * With opts.cuts, and a format that has frames: what comes next begins a frame of its own.
 * Returns how many frames there are before it, which compress_frame_at() knows once
 * compress_flush() has given everything to the sink.
 */
int compress_cut(struct compress *c, size_t *ret_frames, struct err *e);
int compress_flush(struct compress *c, struct err *e);
int64_t compress_frame_at(const struct compress *c, size_t frames);
/* Bytes that went out so far. */
int64_t compress_size(const struct compress *c);
/* Behind all that was flushed: bytes that are no part of the stream that was compressed. */
int compress_append(struct compress *c, const void *data, size_t len, struct err *e);
/* The same place: more of the stream as one frame, however long.  All of it is in memory at once,
 * and what it becomes. */
int compress_frame(struct compress *c, const void *data, size_t len, struct err *e);
/* Everything goes to the sink.  Nothing may be written afterwards. */
int compress_end(struct compress *c, struct compress_result *ret, struct err *e);

#endif
