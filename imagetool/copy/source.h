/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image to be read, wherever it is.  Documents are checked against their
 * digests before anybody sees them; blobs are not: read them through
 * source_open(), which checks them as they pass.
 */
#ifndef IMAGETOOL_COPY_SOURCE_H
#define IMAGETOOL_COPY_SOURCE_H

#include "imagetool/copy/place.h"
#include "imagetool/copy/stream.h"
#include "imagetool/platform.h"
#include "imagetool/registry/registry.h"
#include "imagetool/store/store.h"
#include "libutil/strv.h"

struct image_source;

struct image_source_ops {
	/* What the name stands for: a manifest or an index. */
	int (*top)(struct image_source *s, struct registry_document *ret, struct err *e);
	/* One that an index names. */
	int (*document)(struct image_source *s, const struct image_descriptor *desc,
			struct registry_document *ret, struct err *e);
	int (*open)(struct image_source *s, const struct image_descriptor *desc,
		    struct blob_stream **ret, struct err *e);
	void (*free)(struct image_source *s);
};

struct image_source {
	const struct image_source_ops *ops;
	char *name; /* owned: full name of the image where it has one, or NULL */
	/* For targets that know a quicker way; NULL where they do not apply. */
	struct registry *registry;
	const struct image_reference *ref; /* in it */
	const struct store *store;         /* blobs lie there as files */
};

/* What opening a place may need. */
struct place_opts {
	struct store *store;           /* open, when a place is in it; borrowed */
	struct registry_opts registry; /* of this side */
	int64_t max_bytes;             /* of an archive once it is uncompressed; 0: BUDGET_BYTES */
	bool quiet;
};

int source_open(const struct place *place, const struct place_opts *opts, struct image_source **ret,
		struct err *e);
void source_free(struct image_source *s);
AUTO_DEFINE(image_source, source_free)

/* One that the store has, whether it has a name or not; `desc` must live as long. */
struct image_source *source_of_stored(const struct store *s, const struct image_descriptor *desc);

/* The document of a descriptor: digest and size compared. */
int source_document(struct image_source *s, const struct image_descriptor *desc,
		    struct registry_document *ret, struct err *e);
/* A blob, checked as it passes. */
int source_blob(struct image_source *s, const struct image_descriptor *desc,
		struct blob_stream **ret, struct err *e);
/* A small blob whole and checked. */
int source_read(struct image_source *s, const struct image_descriptor *desc, size_t max, char **ret,
		size_t *ret_len, struct err *e);

/* Go from an index down to the manifest of one platform (NULL: this machine's); `d` is replaced. */
int source_select(struct image_source *s, const struct platform *platform,
		  struct registry_document *d, struct err *e);

/* One for each kind; each takes what it needs of `place`. */
int source_open_store(const struct place *p, const struct place_opts *opts,
		      struct image_source **ret, struct err *e);
int source_open_layout(const struct place *p, const struct place_opts *opts,
		       struct image_source **ret, struct err *e);
int source_open_archive(const struct place *p, const struct place_opts *opts,
			struct image_source **ret, struct err *e);
int source_open_dir(const struct place *p, const struct place_opts *opts, struct image_source **ret,
		    struct err *e);
int source_open_registry(const struct place *p, const struct place_opts *opts,
			 struct image_source **ret, struct err *e);

#endif
