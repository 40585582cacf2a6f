/* SPDX-License-Identifier: Apache-2.0 */
/* From a registry into the store. */
#ifndef IMAGETOOL_PULL_PULL_H
#define IMAGETOOL_PULL_PULL_H

#include "imagetool/platform.h"
#include "imagetool/pull/progress.h"
#include "imagetool/registry/registry.h"
#include "imagetool/snapshot/snapshot.h"

/*
 * May this be pulled?  Asked before anything is stored: for what the name stands for, and, where
 * that is an index that may not, for the manifest that was chosen from it.
 */
typedef int pull_judge_fn(void *ctx, const struct registry_document *d, struct err *e);

struct pull_opts {
	const char *name;                /* as typed */
	const struct platform *platform; /* NULL: this machine's */
	struct registry_opts registry;
	enum blob_progress_mode progress;
	bool unpack;                    /* make its layers ready to mount, too */
	enum snapshot_choice snapshots; /* how */
	struct budget_opts budget;      /* what the layers may hold */
	int partial;                    /* enum pull_partial, known.h */
	pull_judge_fn *judge;           /* NULL: everything may */
	void *judge_ctx;
};

struct pull_result {
	char *name;                      /* owned; full, as it stands in the store */
	char digest[DIGEST_TEXT_SIZE];   /* of what the name stands for in the registry */
	char manifest[DIGEST_TEXT_SIZE]; /* of the image for the platform; the same without an index
					  */
	char platform[PLATFORM_TEXT_SIZE]; /* "" for artifacts */
	size_t layers;
	uint64_t size;   /* config and layers */
	uint64_t pulled; /* bytes that had to come over the network */
	uint64_t spared; /* bytes of missing blobs that were here in other layers */
	bool unchanged;  /* the store had exactly this */
	bool unpacked;
	struct apply_notes notes; /* of the layers that were unpacked */
};

int pull_image(struct store *store, const struct pull_opts *opts, struct pull_result *ret,
	       struct err *e);
void pull_result_done(struct pull_result *r);
AUTO_DEFINE_DONE(pull_result, pull_result_done)

#endif
