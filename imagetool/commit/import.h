/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar archive of a root file system becomes an image of one layer.  The archive is
 * walked to its end before anybody sees the image, so that what is none, or is cut
 * short, does not become one; its bytes stay as they are, and the layer's diffID is
 * their digest.
 */
#ifndef IMAGETOOL_COMMIT_IMPORT_H
#define IMAGETOOL_COMMIT_IMPORT_H

#include "imagetool/codec/compress.h"
#include "imagetool/codec/decompress.h"
#include "imagetool/platform.h"
#include "imagetool/store/store.h"
#include "libutil/strv.h"

struct import_opts {
	const char *name; /* full reference, or NULL: it has none */
	const struct strv *changes;
	const char *message; /* in its history */
	const struct platform *platform;
	struct compress_opts compression;
	int64_t max_bytes, max_entries; /* 0: those of layer/budget.h */
	bool has_epoch;                 /* SOURCE_DATE_EPOCH */
	int64_t epoch;
};

struct import_result {
	char id[DIGEST_TEXT_SIZE], digest[DIGEST_TEXT_SIZE];
	int64_t layer_size;
	size_t entries;
};

/* `from`: gzip, zstd or plain. */
int import_tar(struct store *s, struct byte_source from, const struct import_opts *opts,
	       struct import_result *ret, struct err *e);

#endif
