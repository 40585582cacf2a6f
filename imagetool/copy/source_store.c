/* SPDX-License-Identifier: Apache-2.0 */
/* The store, and OCI layouts, which are the same on disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/copy/document.h"
#include "imagetool/copy/source.h"
#include "imagetool/errors.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

struct store_source {
	struct image_source s; /* first: the functions cast */
	struct arena arena;
	struct store *own; /* owned; NULL: borrowed */
	const struct store *store;
	struct store_image image;
};

static int read_document(struct image_source *s, const struct image_descriptor *desc,
			 struct registry_document *ret, struct err *e)
{
	struct store_source *o = (struct store_source *)s;
	char *text;
	size_t len;
	int r = blob_read(o->store, desc->digest, desc->size.set ? desc->size.v : -1,
			  IMAGE_MANIFEST_MAX, &text, &len, e);

	return r < 0 ? r : document_of_blob(text, len, desc, ret, e);
}

static int read_top(struct image_source *s, struct registry_document *ret, struct err *e)
{
	return read_document(s, ((struct store_source *)s)->image.desc, ret, e);
}

static int open_blob(struct image_source *s, const struct image_descriptor *desc,
		     struct blob_stream **ret, struct err *e)
{
	int64_t size;
	int fd = blob_open(((struct store_source *)s)->store, desc->digest, &size, e);

	if (fd < 0)
		return fd;
	*ret = stream_of_fd(fd, 0, size);
	return 0;
}

static void free_source(struct image_source *s)
{
	struct store_source *o = (struct store_source *)s;

	store_free(o->own);
	arena_done(&o->arena);
	free(o);
}

static const struct image_source_ops ops = { read_top, read_document, open_blob, free_source };

static struct store_source *new_source(void)
{
	struct store_source *o = xcalloc(1, sizeof(*o));

	o->s.ops = &ops;
	return o;
}

static void set_store(struct store_source *o, const struct store *store)
{
	o->store = store;
	o->s.store = store;
}

int source_open_store(const struct place *p, const struct place_opts *opts,
		      struct image_source **ret, struct err *e)
{
	struct store_source *o = new_source();
	auto_(image_source) struct image_source *s = &o->s;
	int r;

	set_store(o, opts->store);
	r = store_resolve(o->store, p->name, &o->arena, &o->image, e);
	if (r < 0)
		return r;
	if (o->image.name[0])
		s->name = xstrdup(o->image.name);
	*ret = steal_ptr(&s);
	return 0;
}

struct image_source *source_of_stored(const struct store *s, const struct image_descriptor *desc)
{
	struct store_source *o = new_source();

	set_store(o, s);
	o->image = (struct store_image){ .name = "", .desc = desc };
	return &o->s;
}

/* ---- Layouts ---- */

/* The one of this name; without a name the only one. */
static int find_entry(struct store_source *o, const struct place *p, struct err *e)
{
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = store_index(o->store, &o->arena, &index, e);

	if (r < 0)
		return r;
	entries = index->manifests.items;
	if (!p->name && index->manifests.n != 1)
		return err_set(e, index->manifests.n ? EINVAL : IMAGE_ENOTFOUND,
			       "layout '%s' has %zu images: say which, 'oci:%s:NAME'", p->path,
			       index->manifests.n, p->path);
	for (size_t i = 0; i < index->manifests.n && !o->image.desc; i++)
		if (!p->name || streq(store_name_of(&entries[i]), p->name))
			o->image = (struct store_image){ store_name_of(&entries[i]), &entries[i],
							 false };
	/* Names as our own store has them, digests, and what abbreviates either. */
	return o->image.desc ? 0 : store_resolve(o->store, p->name, &o->arena, &o->image, e);
}

int source_open_layout(const struct place *p, const struct place_opts *opts UNUSED,
		       struct image_source **ret, struct err *e)
{
	struct store_source *o = new_source();
	auto_(image_source) struct image_source *s = &o->s;
	int r = store_open(p->path, STORE_READ, &o->own, e);

	if (r < 0)
		return r;
	set_store(o, o->own);
	r = find_entry(o, p, e);
	if (r < 0)
		return r;
	if (o->image.name[0])
		s->name = xstrdup(o->image.name);
	*ret = steal_ptr(&s);
	return 0;
}
