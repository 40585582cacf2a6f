/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place for images, wherever it is.  Blobs come first, then the manifest that
 * names them, then the index that names it; target_finish() makes it visible.  What
 * was not finished is not seen by anybody.
 */
#ifndef IMAGETOOL_COPY_TARGET_H
#define IMAGETOOL_COPY_TARGET_H

#include "imagetool/archive/convert.h"
#include "imagetool/copy/source.h"

struct image_target;

/* What the target is told of an image before its blobs. */
struct target_image {
	const struct image_manifest *manifest;
	const struct image_config *config; /* NULL: it is none (an artifact) */
	const char *config_text;
	size_t config_len;
};

/* Bytes that passed, for progress and reports. */
struct target_tally {
	size_t blobs, present, mounted; /* present and mounted ones are among `blobs` */
	int64_t bytes;                  /* written or sent */
	void (*tick)(void *ctx, const struct target_tally *t);
	void *ctx;
	int64_t current, current_size; /* of the blob under way */
};

struct image_target_ops {
	/* An image is coming; may be NULL. */
	int (*image)(struct image_target *t, const struct target_image *image, struct err *e);
	/* Its blobs, those that are not there already; each digest once. */
	int (*blobs)(struct image_target *t, struct image_source *from,
		     const struct image_descriptor *const *items, size_t n, struct err *e);
	/* A manifest or index; `top` when it is what gets the name. */
	int (*document)(struct image_target *t, const struct registry_document *d, bool top,
			struct err *e);
	/* All of an image is there: give it its name (NULL: it has none). */
	int (*name)(struct image_target *t, const struct image_descriptor *top, const char *name,
		    struct err *e);
	/* No more images come: let everybody see them.  NULL: they are seen already. */
	int (*commit)(struct image_target *t, struct err *e);
	void (*free)(struct image_target *t);
};

struct image_target {
	const struct image_target_ops *ops;
	enum image_format format; /* the only one it takes; IMAGE_AS_IS: any */
	bool one_platform;        /* no indexes */
	bool short_names; /* OCI: the tag as name beside the full one, for umoci and docker */
	struct target_tally tally;
	char *name; /* owned; what the place says the image will be called, or NULL */
};

struct target_opts {
	const struct place_opts *place;
	const char *name; /* of the image where it came from, or NULL: a name where none is given */
	const struct image_source *source; /* for targets that know a quicker way from there */
};

int target_open(const struct place *place, const struct target_opts *opts,
		struct image_target **ret, struct err *e);
/*
 * `r` is of a target that was filled: somebody made the same new directory meanwhile.  The error is
 * cleared, and the image goes into what is there now when the target is opened and filled again.
 */
bool target_appeared(int r, struct err *e);
void target_free(struct image_target *t);
AUTO_DEFINE(image_target, target_free)

/* A layout in a directory that is empty or not there. */
int target_open_new_layout(const struct place *p, struct image_target **ret, struct err *e);

/* One of each kind; `place` tells which. */
int target_open_store(const struct place *p, const struct target_opts *opts,
		      struct image_target **ret, struct err *e);
int target_open_layout(const struct place *p, const struct target_opts *opts,
		       struct image_target **ret, struct err *e);
int target_open_oci_archive(const struct place *p, const struct target_opts *opts,
			    struct image_target **ret, struct err *e);
int target_open_docker(const struct place *p, const struct target_opts *opts,
		       struct image_target **ret, struct err *e);
int target_open_dir(const struct place *p, const struct target_opts *opts,
		    struct image_target **ret, struct err *e);
int target_open_registry(const struct place *p, const struct target_opts *opts,
			 struct image_target **ret, struct err *e);

/*
 * For targets that take one blob after the other: `write` gets each piece, checked as it passes
 * except for what the end tells; who has written must wait for the return value.
 */
typedef int target_write_fn(void *ctx, const void *data, size_t len, struct err *e);
int target_pass(struct image_target *t, struct image_source *from,
		const struct image_descriptor *desc, target_write_fn *write, void *ctx,
		struct err *e);

#endif
