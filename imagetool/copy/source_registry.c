/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/copy/document.h"
#include "imagetool/copy/source.h"
#include "imagetool/errors.h"
#include "imagetool/registry/remote_blob.h"
#include "libutil/alloc.h"

struct registry_source {
	struct image_source s; /* first: the functions cast */
	struct image_reference ref;
	bool quiet;
};

static int read_top(struct image_source *s, struct registry_document *ret, struct err *e)
{
	struct registry_source *o = (struct registry_source *)s;
	int r = registry_get_manifest(s->registry, o->ref.digest ? o->ref.digest : o->ref.tag, NULL,
				      ret, e);

	/* Once: the documents below the first would say the same. */
	if (r >= 0 && ret->warning && !o->quiet)
		(void)fprintf(stderr, "%s warns: %s\n", o->ref.registry, ret->warning);
	return r < 0 ? err_wrap(e, r, "'%s'", s->name) : 0;
}

static int read_document(struct image_source *s, const struct image_descriptor *desc,
			 struct registry_document *ret, struct err *e)
{
	return registry_get_manifest(s->registry, desc->digest, desc->media_type, ret, e);
}

/* ---- Blobs ---- */

struct reader_stream {
	struct blob_stream s; /* first: the functions cast */
	struct remote_blob *reader;
};

static int stream_read(struct blob_stream *s, void *buf, size_t size, struct err *e)
{
	return remote_blob_read(((struct reader_stream *)s)->reader, buf, size, e);
}

static int stream_seek(struct blob_stream *s, int64_t offset, struct err *e UNUSED)
{
	remote_blob_seek(((struct reader_stream *)s)->reader, offset);
	return 0;
}

static void stream_free(struct blob_stream *s)
{
	remote_blob_free(((struct reader_stream *)s)->reader);
	free(s);
}

static int open_blob(struct image_source *s, const struct image_descriptor *desc,
		     struct blob_stream **ret, struct err *e)
{
	struct remote_blob *reader;
	struct reader_stream *stream;
	int r = remote_blob_new(s->registry, desc->digest, desc->size.set ? desc->size.v : -1,
				&reader, e);

	if (r < 0)
		return r;
	stream = xcalloc(1, sizeof(*stream));
	*stream = (struct reader_stream){ { stream_read, stream_seek, stream_free }, reader };
	*ret = &stream->s;
	return 0;
}

static void free_source(struct image_source *s)
{
	struct registry_source *o = (struct registry_source *)s;

	registry_free(s->registry);
	image_reference_done(&o->ref);
	free(o);
}

static const struct image_source_ops ops = { read_top, read_document, open_blob, free_source };

int source_open_registry(const struct place *p, const struct place_opts *opts,
			 struct image_source **ret, struct err *e)
{
	struct registry_source *o = xcalloc(1, sizeof(*o));
	auto_(image_source) struct image_source *s = &o->s;
	int r = reference_parse(p->name, &o->ref, e);

	o->s.ops = &ops;
	o->quiet = opts->quiet;
	if (r < 0)
		return r;
	s->name = reference_text(&o->ref);
	s->ref = &o->ref;
	r = registry_open(&o->ref, &opts->registry, &s->registry, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&s);
	return 0;
}
