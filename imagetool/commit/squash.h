/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several layers of an image as one: what stands on top of others wins, what
 * was removed again is not written.  Nothing is unpacked: the layers are read
 * once for their names and once for the content that is left.
 */
#ifndef IMAGETOOL_COMMIT_SQUASH_H
#define IMAGETOOL_COMMIT_SQUASH_H

#include "imagetool/codec/compress.h"
#include "imagetool/store/store.h"

/* Those from `first` (0: all) to the last, of which diff_ids says how many there are.  Over layers
 * below, whiteouts stay. */
int squash_layers(const struct image_descriptor *layers, const struct oci_strings *diff_ids,
		  size_t first, struct store *s, const struct compress_opts *opts,
		  struct compress_result *ret, struct err *e);

/* All of them as one tar stream, of the whole root file system. */
int squash_write(const struct image_descriptor *layers, const struct oci_strings *diff_ids,
		 const struct store *s, struct byte_sink to, struct err *e);

#endif
