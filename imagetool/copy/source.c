/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/source.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/errors.h"

static int (*const opens[])(const struct place *p, const struct place_opts *opts,
			    struct image_source **ret, struct err *e) = {
	[PLACE_REGISTRY] = source_open_registry,
	[PLACE_OCI] = source_open_layout,
	[PLACE_OCI_ARCHIVE] = source_open_archive,
	[PLACE_DOCKER_ARCHIVE] = source_open_archive,
	[PLACE_DIR] = source_open_dir,
	[PLACE_STORE] = source_open_store,
};

int source_open(const struct place *place, const struct place_opts *opts, struct image_source **ret,
		struct err *e)
{
	return opens[place->kind](place, opts, ret, e);
}

void source_free(struct image_source *s)
{
	if (!s)
		return;
	free(s->name);
	s->name = NULL;
	s->ops->free(s);
}

static int check_document(const struct image_descriptor *desc, const struct registry_document *d,
			  struct err *e)
{
	char found[DIGEST_TEXT_SIZE];

	if (desc->size.set && (uint64_t)desc->size.v != d->len)
		return err_set(e, IMAGE_EVERIFY, "manifest %s has %zu bytes, it should have %lld",
			       desc->digest, d->len, (long long)desc->size.v);
	digest_of(starts_with(desc->digest, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256, d->text,
		  d->len, found);
	if (!streq(found, desc->digest))
		return err_set(e, IMAGE_EVERIFY,
			       "manifest %s has another content: its digest is %s", desc->digest,
			       found);
	return 0;
}

int source_document(struct image_source *s, const struct image_descriptor *desc,
		    struct registry_document *ret, struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	int r = s->ops->document(s, desc, &d, e);

	if (r >= 0)
		r = check_document(desc, &d, e);
	if (r < 0)
		return r;
	*ret = d;
	d = (struct registry_document){ 0 };
	return 0;
}

int source_blob(struct image_source *s, const struct image_descriptor *desc,
		struct blob_stream **ret, struct err *e)
{
	struct blob_stream *plain = NULL;
	int r = s->ops->open(s, desc, &plain, e);

	if (r < 0)
		return r;
	*ret = stream_checked(plain, desc);
	return 0;
}

int source_read(struct image_source *s, const struct image_descriptor *desc, size_t max, char **ret,
		size_t *ret_len, struct err *e)
{
	auto_(blob_stream) struct blob_stream *stream = NULL;
	int r = source_blob(s, desc, &stream, e);

	if (r >= 0)
		r = stream_read_all(stream, max, ret, ret_len, e);
	return r < 0 ? err_wrap(e, r, "blob %s", desc->digest) : 0;
}
