/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to the manifest of one image: down through indexes by platform. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/pull/internal.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

#define INDEX_MAX_DEPTH 4

static bool is_index(const struct registry_document *d)
{
	return media_type_parse(d->media_type, NULL, NULL) == MEDIA_INDEX;
}

static void replace_document(struct pull *p, struct registry_document *d)
{
	registry_document_done(&p->document);
	p->document = *d;
	*d = (struct registry_document){ 0 };
}

/* What a descriptor names: from the store when it is there, else from the registry; size and digest
 * checked. */
static int get_described(struct pull *p, const struct image_descriptor *desc, struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	int64_t size = descriptor_size(desc);
	int r;

	if (blob_exists(p->store, desc->digest, size) &&
	    blob_read(p->store, desc->digest, size, IMAGE_MANIFEST_MAX, &d.text, &d.len, NULL) >=
		    0) {
		d.media_type = xstrdup(desc->media_type);
		(void)snprintf(d.digest, sizeof(d.digest), "%s", desc->digest);
	} else {
		r = registry_get_manifest(p->registry, desc->digest, desc->media_type, &d, e);
		if (r < 0)
			return r;
	}
	if (size >= 0 && (uint64_t)size != d.len)
		return err_set(e, IMAGE_EVERIFY,
			       "manifest '%s' has %zu bytes, its index promises %" PRId64,
			       desc->digest, d.len, size);
	replace_document(p, &d);
	return 0;
}

static int descend(struct pull *p, struct err *e)
{
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = image_index_decode(p->document.digest, p->document.text, p->document.len, &p->arena,
				   &index, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "index");
	r = platform_choose(index, &p->platform, e);
	if (r < 0)
		return r;
	entries = index->manifests.items;
	return get_described(p, &entries[r], e);
}

/* An index is signed as a whole, or its manifests are. */
static int judge(struct pull *p, bool *allowed, struct err *e)
{
	bool more = is_index(&p->document);
	int r;

	if (!p->opts->judge || *allowed)
		return 0;
	r = p->opts->judge(p->opts->judge_ctx, &p->document, e);
	*allowed = r >= 0;
	if (r != -IMAGE_EVERIFY || !more)
		return r;
	if (e)
		err_clear(e);
	return 0;
}

int pull_select(struct pull *p, struct err *e)
{
	const char *reference = p->ref.digest ? p->ref.digest : p->ref.tag;
	auto_(registry_document) struct registry_document top = { 0 };
	struct image_manifest *m;
	bool allowed = false;
	int r = registry_get_manifest(p->registry, reference, NULL, &top, e);

	if (r < 0)
		return r;
	/* Once: the documents below the first would say the same. */
	if (top.warning && p->opts->progress != BLOB_PROGRESS_QUIET)
		(void)fprintf(stderr, "%s warns: %s\n", p->ref.registry, top.warning);
	(void)snprintf(p->top_digest, sizeof(p->top_digest), "%s", top.digest);
	replace_document(p, &top);
	p->from_index = is_index(&p->document);
	r = judge(p, &allowed, e);
	if (r < 0)
		return r;
	for (int depth = 0; is_index(&p->document); depth++) {
		if (depth == INDEX_MAX_DEPTH)
			return err_set(e, IMAGE_EVERIFY, "more than %d indexes lie in one another",
				       INDEX_MAX_DEPTH);
		r = descend(p, e);
		if (r >= 0)
			r = judge(p, &allowed, e);
		if (r < 0)
			return r;
	}
	r = image_manifest_decode(p->document.digest, p->document.text, p->document.len, &p->arena,
				  &m, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "manifest");
	p->manifest = m;
	return 0;
}
