/* SPDX-License-Identifier: Apache-2.0 */
/* One pull under way, as its stages see it. */
#ifndef IMAGETOOL_PULL_INTERNAL_H
#define IMAGETOOL_PULL_INTERNAL_H

#include "imagetool/pull/pull.h"
#include "imagetool/snapshot/snapshot.h"

struct chunked_stock;
struct job;

struct pull {
	const struct pull_opts *opts;
	struct platform platform;
	struct store *store;
	struct registry *registry;
	struct image_reference ref;
	char *name;
	struct arena arena;                /* decoded documents and what points into them */
	char top_digest[DIGEST_TEXT_SIZE]; /* of what the name stands for */
	bool from_index;
	struct registry_document document; /* the manifest's bytes */
	const struct image_manifest *manifest;
	const struct image_config *config; /* NULL for artifacts */
	bool has_config;                   /* of an image: it is read before any layer is */
	struct job *jobs;                  /* blobs that are missing or not unpacked; transfer.h */
	size_t n_jobs, n_missing;
	uint64_t size, missing;      /* bytes: of all blobs; of those that are missing */
	uint64_t spared;             /* bytes of those that were here in other layers */
	struct chunked_stock *stock; /* known.c; NULL before it was needed */
	bool fetch_whole;            /* what was put together was wrong */
	size_t n_layers;
	struct snapshots *snapshots; /* NULL: blobs only */
	struct snapshot_chain chain; /* n is 0 before pull_check() */
	struct apply_notes notes;    /* the workers', under a mutex of theirs */
};

/* select.c: from the name to the manifest of one image. */
int pull_select(struct pull *p, struct err *e);
/* plan.c: which blobs are missing, and is there room for them. */
int pull_plan(struct pull *p, struct err *e);
/* check.c: do config and manifest fit together, and is it the platform that was asked for. */
int pull_check(struct pull *p, struct err *e);

#endif
