/* SPDX-License-Identifier: Apache-2.0 */
/* One push under way, as its stages see it. */
#ifndef IMAGETOOL_PUSH_INTERNAL_H
#define IMAGETOOL_PUSH_INTERNAL_H

#include "imagetool/push/push.h"
#include "imagetool/registry/upload.h"
#include "imagetool/store/digest_set.h"

/* A manifest or an index, as it lies in the store. */
struct push_document {
	const char *digest, *media_type;
	const char *text;
	size_t len;
	bool is_index;
	bool present; /* the registry has it, and so all that it names */
	/* Of a manifest: what it names. */
	const struct image_descriptor **blobs;
	const char **mount_from; /* repository that may have the blob, or NULL */
	size_t n_blobs;
};

/* Where a blob's bytes come from. */
struct push_file {
	const struct store *store;
	const char *digest;
	int64_t size;
	int fd;
};

struct push {
	const struct push_opts *opts;
	struct store *store;
	struct registry *registry;
	struct image_reference ref; /* at the registry */
	char *name;
	struct strv tags;   /* it gets; none when pushed by digest alone */
	struct arena arena; /* decoded documents and what points into them */
	/* What names others comes behind them; the last is what the name will stand for. */
	struct push_document *documents;
	size_t n_documents, cap_documents;
	struct digest_set seen; /* documents */
	struct upload *items;   /* blobs that may have to travel, each once */
	struct push_file *files;
	size_t n_items;
	size_t n_foreign;
	bool unchanged;
};

/* plan.c: the documents and their blobs, all of which must be there. */
int push_plan(struct push *p, const struct image_descriptor *top, struct err *e);
/* mounts.c: which other repositories of the same registry have a blob, as far as the store knows.
 * Says so to the session. */
int push_find_mounts(struct push *p, struct err *e);
/* missing.c: what the registry has; p->items are the blobs of what it lacks. */
int push_find_missing(struct push *p, struct err *e);
/* send.c: blobs, then documents. */
int push_send(struct push *p, struct err *e);

#endif
