/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/copy/copy_internal.h"
#include "imagetool/copy/document.h"
#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

#define INDEX_MAX_DEPTH 4

void copy_result_done(struct copy_result *r)
{
	free(r->media_type);
	r->media_type = NULL;
}

/* ---- Documents that change ---- */

/* Take `text` as the document's new one. */
static void replace_text(struct registry_document *d, struct strbuf *text, const char *type)
{
	free(d->text);
	free(d->media_type);
	d->len = text->len;
	d->text = strbuf_steal(text);
	d->media_type = xstrdup(type);
	digest_of(DIGEST_SHA256, d->text, d->len, d->digest);
}

static int may_change(const struct copying *c, const struct registry_document *d, struct err *e)
{
	if (!c->opts->preserve_digests)
		return 0;
	return err_set(
		e, EINVAL,
		"%s would have to be rewritten, and --preserve-digests forbids it: copy it "
		"to a place that keeps its format ('%s'), or leave out what asks for another",
		d->digest, d->media_type);
}

/* ---- One image ---- */

static int copy_manifest(struct copying *c, struct registry_document *d, bool top, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = JSON_MAX_SIZE };
	const char *type;
	int r = copy_blobs(c, d, e);

	if (r >= 0)
		r = convert_manifest(d->text, d->len, d->media_type, c->format, &text, &type, e);
	if (r > 0) {
		r = may_change(c, d, e);
		if (r >= 0)
			replace_text(d, &text, type);
	}
	if (r >= 0)
		r = c->to->ops->document(c->to, d, top, e);
	c->manifests++;
	return r;
}

/* ---- All of an index ---- */

static int copy_document(struct copying *c, struct registry_document *d, bool top, int depth,
			 struct err *e);

/* What nobody here knows is a blob to us: image-spec says it is no error. */
static int copy_unknown(struct copying *c, const struct image_descriptor *desc,
			struct converted *now, struct err *e)
{
	*now = (struct converted){ desc->media_type, desc->digest, desc->size.v, false };
	return c->to->ops->blobs(c->to, c->from, &desc, 1, e);
}

static int copy_member(struct copying *c, const struct image_descriptor *desc, int depth,
		       struct converted *now, struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	enum media_kind kind = descriptor_kind(desc);
	int r;

	if (kind != MEDIA_MANIFEST && kind != MEDIA_INDEX)
		return copy_unknown(c, desc, now, e);
	r = source_document(c->from, desc, &d, e);
	if (r >= 0)
		r = copy_document(c, &d, false, depth + 1, e);
	if (r < 0)
		return r;
	*now = (struct converted){ .media_type = arena_strdup(&c->arena, d.media_type),
				   .digest = arena_strdup(&c->arena, d.digest),
				   .size = (int64_t)d.len };
	return 0;
}

static int copy_index(struct copying *c, struct registry_document *d, bool top, int depth,
		      struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = JSON_MAX_SIZE };
	const struct image_descriptor *entries;
	struct converted *members;
	struct image_index *index;
	const char *type;
	int r = image_index_decode(d->digest, d->text, d->len, &c->arena, &index, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "index");
	if (depth > INDEX_MAX_DEPTH)
		return err_set(e, IMAGE_EVERIFY, "'%s' lies in too many indexes", d->digest);
	entries = index->manifests.items;
	members = arena_alloc(&c->arena, index->manifests.n + 1, sizeof(*members));
	for (size_t i = 0; i < index->manifests.n && r >= 0; i++)
		r = copy_member(c, &entries[i], depth, &members[i], e);
	if (r >= 0)
		r = convert_index(d->text, d->len, d->media_type, c->format, members,
				  index->manifests.n, &text, &type, e);
	if (r > 0) {
		r = may_change(c, d, e);
		if (r >= 0)
			replace_text(d, &text, type);
	}
	return r < 0 ? r : c->to->ops->document(c->to, d, top, e);
}

static int copy_document(struct copying *c, struct registry_document *d, bool top, int depth,
			 struct err *e)
{
	return document_is_index(d) ? copy_index(c, d, top, depth, e) : copy_manifest(c, d, top, e);
}

/* ---- One of an index ---- */

static int choose(struct copying *c, struct registry_document *d, struct err *e)
{
	for (int depth = 0; document_is_index(d); depth++) {
		auto_(registry_document) struct registry_document member = { 0 };
		const struct image_descriptor *entries;
		struct image_index *index;
		int r = image_index_decode(d->digest, d->text, d->len, &c->arena, &index, e);

		if (r < 0)
			return err_wrap(e, -IMAGE_EVERIFY, "index");
		if (depth == INDEX_MAX_DEPTH)
			return err_set(e, IMAGE_EVERIFY, "'%s' lies in too many indexes",
				       d->digest);
		r = platform_choose(index, &c->platform, e);
		entries = index->manifests.items;
		if (r >= 0)
			r = source_document(c->from, &entries[r], &member, e);
		if (r < 0)
			return r;
		registry_document_done(d);
		*d = member;
		member = (struct registry_document){ 0 };
	}
	return 0;
}

int source_select(struct image_source *from, const struct platform *platform,
		  struct registry_document *d, struct err *e)
{
	struct copying c = { .from = from };
	int r;

	if (platform)
		c.platform = *platform;
	else
		platform_host(&c.platform);
	r = choose(&c, d, e);
	arena_done(&c.arena);
	return r;
}

/* ---- */

static int settle_format(struct copying *c, struct err *e)
{
	enum image_format only = c->to->format, wanted = c->opts->format;

	if (wanted != IMAGE_AS_IS && only != IMAGE_AS_IS && wanted != only)
		return err_set(e, EINVAL, "the target holds OCI's format only, not Docker's");
	c->format = only != IMAGE_AS_IS ? only : wanted;
	if (c->opts->all && c->to->one_platform)
		return err_set(e, EINVAL,
			       "a docker-archive holds images of one platform: leave out "
			       "--all, or write 'oci-archive:'");
	return 0;
}

static int give_name(struct copying *c, const struct registry_document *d, const char *source,
		     struct err *e)
{
	struct oci_pair pair = { IMAGE_SOURCE_INDEX, source };
	struct image_descriptor desc = {
		.media_type = d->media_type,
		.digest = d->digest,
		.size = { true, (int64_t)d->len },
		.platform = document_is_index(d) ? NULL : c->image_platform,
		.artifact_type = c->artifact_type,
	};

	/* As pull does: what was asked for by the index's digest is found again. */
	if (c->chosen)
		desc.annotations = (struct oci_strmap){ .items = &pair, .n = 1 };
	return c->to->ops->name(c->to, &desc, c->opts->name, e);
}

static int run(struct copying *c, struct copy_result *ret, struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	int r = settle_format(c, e);

	if (r >= 0)
		r = c->from->ops->top(c->from, &d, e);
	if (r < 0)
		return r;
	(void)snprintf(ret->source_digest, sizeof(ret->source_digest), "%s", d.digest);
	if (document_is_index(&d) && !c->opts->all) {
		c->chosen = true;
		r = choose(c, &d, e);
	}
	if (r >= 0)
		r = copy_document(c, &d, true, 0, e);
	if (r >= 0)
		r = give_name(c, &d, ret->source_digest, e);
	if (r < 0)
		return r;
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s", d.digest);
	ret->media_type = xstrdup(d.media_type);
	ret->manifests = c->manifests;
	return 0;
}

int copy_image(struct image_source *from, struct image_target *to, const struct copy_opts *opts,
	       struct copy_result *ret, struct err *e)
{
	struct copying c = { .from = from, .to = to, .opts = opts };
	struct copy_result result = { 0 };
	int r;

	if (opts->platform)
		c.platform = *opts->platform;
	else
		platform_host(&c.platform);
	r = run(&c, &result, e);
	arena_done(&c.arena);
	if (r < 0)
		return r;
	*ret = result;
	return 0;
}
