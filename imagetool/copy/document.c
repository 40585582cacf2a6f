/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/document.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/errors.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

static const char *type_by_shape(const struct json *doc)
{
	if (json_get(doc, "manifests"))
		return MEDIA_OCI_INDEX;
	return json_get(doc, "layers") ? MEDIA_OCI_MANIFEST : NULL;
}

static int find_type(const char *text, size_t len, char **ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const char *type;
	struct json *doc;
	int r = json_parse("manifest", text, len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "the image");
	type = json_get_string(doc, "mediaType");
	if (!type)
		type = type_by_shape(doc);
	if (json_get(doc, "fsLayers"))
		return err_set(e, IMAGE_EVERIFY,
			       "the image has a Docker schema 1 manifest, a format that was "
			       "dropped: have it written again by a current tool");
	if (!type)
		return err_set(e, IMAGE_EVERIFY, "the document is no manifest of an image");
	*ret = xstrdup(type);
	return 0;
}

/* The decoders refuse what is two things at once. */
static int check_kind(const struct registry_document *d, struct err *e)
{
	enum media_kind kind = media_type_parse(d->media_type, NULL, NULL);
	auto_(arena) struct arena a = { 0 };
	struct image_manifest *manifest;
	struct image_index *index;
	int r;

	if (kind == MEDIA_INDEX)
		r = image_index_decode("index", d->text, d->len, &a, &index, e);
	else if (kind == MEDIA_MANIFEST)
		r = image_manifest_decode("manifest", d->text, d->len, &a, &manifest, e);
	else
		return err_set(e, IMAGE_EVERIFY, "'%.100s' is no manifest of an image",
			       d->media_type);
	return r < 0 ? err_wrap(e, -IMAGE_EVERIFY, "the image") : 0;
}

int document_of_text(char *text, size_t len, const char *type, struct registry_document *ret,
		     struct err *e)
{
	auto_(registry_document) struct registry_document d = { .text = text, .len = len };
	int r = 0;

	if (type)
		d.media_type = xstrdup(type);
	else
		r = find_type(text, len, &d.media_type, e);
	if (r >= 0)
		r = check_kind(&d, e);
	if (r < 0)
		return r;
	digest_of(DIGEST_SHA256, text, len, d.digest);
	*ret = d;
	d = (struct registry_document){ 0 };
	return 0;
}

int document_of_blob(char *text, size_t len, const struct image_descriptor *desc,
		     struct registry_document *ret, struct err *e)
{
	int r = document_of_text(text, len, desc->media_type, ret, e);

	if (r >= 0)
		(void)snprintf(ret->digest, sizeof(ret->digest), "%s", desc->digest);
	return r;
}

bool document_is_index(const struct registry_document *d)
{
	return media_type_parse(d->media_type, NULL, NULL) == MEDIA_INDEX;
}
