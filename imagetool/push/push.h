/* SPDX-License-Identifier: Apache-2.0 */
/* From the store to a registry: only what is missing there travels, byte for byte. */
#ifndef IMAGETOOL_PUSH_PUSH_H
#define IMAGETOOL_PUSH_PUSH_H

#include "imagetool/platform.h"
#include "imagetool/pull/progress.h"
#include "imagetool/registry/registry.h"
#include "libutil/strv.h"

struct push_opts {
	const char *name; /* in the store, as typed */
	/* Of the store, instead of what has the name, which is then for messages only. */
	const struct image_descriptor *image;
	const char *destination;         /* as typed; NULL: what the image is called */
	const struct strv *tags;         /* more tags it gets there */
	const struct platform *platform; /* one image of an index; NULL: what the name stands for */
	bool all;                        /* it must be an index */
	int64_t chunk;                   /* of upload_opts */
	struct registry_opts registry;
	enum blob_progress_mode progress;
};

struct push_result {
	char *name;                    /* full name at the registry; owned */
	char digest[DIGEST_TEXT_SIZE]; /* of what it stands for there */
	size_t images;                 /* manifests, without indexes */
	size_t blobs;                  /* all of them */
	size_t sent, mounted;          /* blobs that were not there; the others were */
	size_t foreign;                /* layers that must not be pushed */
	uint64_t size;                 /* bytes of all blobs */
	uint64_t pushed;               /* bytes of blobs that travelled */
	bool unchanged;                /* every name stood for it already */
};
void push_result_done(struct push_result *r);
AUTO_DEFINE_DONE(push_result, push_result_done)

/* `ret` must be zeroed. */
int push_image(struct store *store, const struct push_opts *opts, struct push_result *ret,
	       struct err *e);

#endif
