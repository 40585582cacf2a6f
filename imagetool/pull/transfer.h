/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs of one image from the registry into the store, made ready on the way:
 *
 *   registry_download()        one thread, all transfers
 *     feed.h                   one for each blob
 *   workers                    take the blobs in order: digest, and for layers inflate,
 *                              digest, snapshot; then the blob gets its name in the store
 *
 * Layers wait for nothing but the image's config, which says what their
 * uncompressed bytes must be.
 */
#ifndef IMAGETOOL_PULL_TRANSFER_H
#define IMAGETOOL_PULL_TRANSFER_H

#include "imagetool/chunked/reuse.h"
#include "imagetool/pull/feed.h"
#include "imagetool/pull/internal.h"

/* What a worker does with one blob. */
struct job {
	const struct image_descriptor *desc;
	size_t layer;    /* position in the manifest, JOB_CONFIG for the config */
	bool missing;    /* not in the store at first */
	bool unpack;     /* wants its snapshot made */
	bool needs_plan; /* must wait for the config */
	bool taken;
	struct feed feed;
	struct download *item; /* NULL when the store has the blob */
	struct chunked_reuse reuse;
	struct download_known known; /* of `reuse` */
	bool has_known;
	bool done;
};
#define JOB_CONFIG SIZE_MAX

/* transfer.c: fetch, check and unpack p->jobs.  *ret_again: what a run before left was to blame and
 * is gone. */
int pull_transfer(struct pull *p, bool *ret_again, struct err *e);

/* job.c: one blob, in a worker.  `notes` is added to; *ret_again as above. */
int job_run(struct pull *p, struct job *job, struct apply_notes *notes, bool *ret_again,
	    struct err *e);

#endif
