/* SPDX-License-Identifier: Apache-2.0 */
/* Into the store, and into an OCI layout that others have images in already: both are shared with
 * other processes, and an image gets its name when all of it is there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/copy/target_internal.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

struct store_target {
	struct image_target t; /* first: the functions cast */
	struct store *own;     /* owned; NULL: borrowed */
	struct store *store;
};

/* ---- Blobs ---- */

static int write_piece(void *blob, const void *data, size_t len, struct err *e)
{
	return blob_write(blob, data, len, e);
}

static int put_blob(struct store_target *o, struct image_source *from,
		    const struct image_descriptor *desc, struct err *e)
{
	auto_(blob) struct blob *b = NULL;
	int r = blob_begin(o->store, desc->digest, desc->size.set ? desc->size.v : -1, &b, e);

	if (r >= 0)
		r = target_pass(&o->t, from, desc, write_piece, b, e);
	return r < 0 ? r : blob_commit(steal_ptr(&b), NULL, e);
}

static int put_blobs(struct image_target *t, struct image_source *from,
		     const struct image_descriptor *const *items, size_t n, struct err *e)
{
	struct store_target *o = (struct store_target *)t;
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		t->tally.blobs++;
		if (blob_exists(o->store, items[i]->digest,
				items[i]->size.set ? items[i]->size.v : -1))
			t->tally.present++;
		else
			r = put_blob(o, from, items[i], e);
	}
	return r;
}

/* ---- Documents ---- */

static int put_document(struct image_target *t, const struct registry_document *d, bool top UNUSED,
			struct err *e)
{
	struct store_target *o = (struct store_target *)t;
	auto_(blob) struct blob *b = NULL;
	int r;

	if (blob_exists(o->store, d->digest, (int64_t)d->len))
		return 0;
	r = blob_begin(o->store, d->digest, (int64_t)d->len, &b, e);
	if (r >= 0)
		r = blob_write(b, d->text, d->len, e);
	return r < 0 ? r : blob_commit(steal_ptr(&b), NULL, e);
}

static int give_name(struct image_target *t, const struct image_descriptor *top, const char *name,
		     struct err *e)
{
	return store_tag(((struct store_target *)t)->store, name ? name : "", top, e);
}

static void free_target(struct image_target *t)
{
	struct store_target *o = (struct store_target *)t;

	store_free(o->own);
	free(o);
}

static const struct image_target_ops ops = {
	.blobs = put_blobs,
	.document = put_document,
	.name = give_name,
	.free = free_target,
};

/* ---- */

int target_open_store(const struct place *p, const struct target_opts *opts,
		      struct image_target **ret, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	struct store_target *o;
	int r = reference_parse(p->name, &ref, e);

	if (r < 0)
		return r;
	o = xcalloc(1, sizeof(*o));
	o->t.ops = &ops;
	o->t.name = reference_text(&ref);
	o->store = opts->place->store;
	*ret = &o->t;
	return 0;
}

int target_open_existing(const struct place *p, struct image_target **ret, struct err *e)
{
	struct store_target *o = xcalloc(1, sizeof(*o));
	int r = store_open(p->path, STORE_CREATE, &o->own, e);

	if (r < 0) {
		free(o);
		return r;
	}
	o->store = o->own;
	o->t.ops = &ops;
	o->t.format = IMAGE_OCI;
	o->t.name = p->name ? xstrdup(p->name) : NULL;
	*ret = &o->t;
	return 0;
}
