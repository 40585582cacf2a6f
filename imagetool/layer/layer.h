/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer blob on its way into a tree: read once, with the blob's digest, the
 * digest of what it decompresses to, its size and its media type all checked as
 * it flows.  A large one is read and inflated by a thread of its own,
 * which calls the source; freeing the stream waits for it.  The whole stream is read, also what
 * stands behind the tar archive's end, because that is what the digests are about.
 */
#ifndef IMAGETOOL_LAYER_LAYER_H
#define IMAGETOOL_LAYER_LAYER_H

#include "imagetool/codec/decompress.h"
#include "imagetool/layer/apply.h"
#include "imagetool/layer/budget.h"
#include "imagetool/tar/read.h"
#include "libutil/digest.h"

struct layer_stream;

/* `from` is the blob.  `diff_id` NULL: not known, not checked. `desc` and `diff_id` are borrowed.
 */
int layer_stream_new(struct byte_source from, const struct image_descriptor *desc,
		     const char *diff_id, struct layer_stream **ret, struct err *e);
void layer_stream_free(struct layer_stream *s);
AUTO_DEFINE(layer_stream, layer_stream_free)

/* Share a budget with other layers, borrowed; without, the stream has one of its own.  Before
 * anything is read. */
void layer_stream_set_budget(struct layer_stream *s, struct layer_budget *b);
/* The uncompressed bytes, for tar_reader_new(). */
struct tar_source layer_stream_source(struct layer_stream *s);
/* Read what is left and compare size and digests (-IMAGE_EVERIFY).  The digest of the uncompressed
 * bytes goes to ret_diff_id, which may be NULL. */
int layer_stream_verify(struct layer_stream *s, char ret_diff_id[DIGEST_TEXT_SIZE], struct err *e);

/* All of it: verify and put on top of the tree. */
int layer_apply_fd(struct apply *a, int fd, const struct image_descriptor *desc,
		   const char *diff_id, struct layer_budget *budget, struct err *e);

/* A file as a source; `fd` is borrowed and points to an int. */
int byte_source_read_fd(void *fd, void *buf, size_t size, struct err *e);

#endif
