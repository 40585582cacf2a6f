/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image that was built on another one has its layers; when that came from the
 * same registry they are there already, in another repository.
 */
#include "imagetool/push/internal.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"

/* Each is named to the token server. */
#define MOUNT_SOURCES_MAX 8

static struct push_document *document_of_blob(struct push *p, const char *digest, size_t *ret_blob)
{
	for (size_t i = 0; i < p->n_documents; i++) {
		struct push_document *d = &p->documents[i];

		for (size_t j = 0; j < d->n_blobs; j++) {
			if (streq(d->blobs[j]->digest, digest)) {
				*ret_blob = j;
				return d;
			}
		}
	}
	return NULL;
}

/* Does this image of the store share a blob with what is pushed?  Notes where it is from. */
static bool shares_blobs(struct push *p, const struct image_descriptor *entry,
			 const char *repository)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	const struct image_descriptor *layers;
	struct image_manifest *m;
	bool any = false;
	size_t len;

	if (descriptor_kind(entry) != MEDIA_MANIFEST ||
	    blob_read(p->store, entry->digest, -1, IMAGE_MANIFEST_MAX, &text, &len, NULL) < 0 ||
	    image_manifest_decode(entry->digest, text, len, &a, &m, NULL) < 0)
		return false;
	layers = m->layers.items;
	for (size_t i = 0; i < m->layers.n; i++) {
		size_t blob;
		struct push_document *d = document_of_blob(p, layers[i].digest, &blob);

		if (!d)
			continue;
		if (!d->mount_from[blob])
			d->mount_from[blob] = repository;
		any = true;
	}
	return any;
}

int push_find_mounts(struct push *p, struct err *e)
{
	auto_(digest_set) struct digest_set sources = { 0 };
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = store_index(p->store, &p->arena, &index, e);

	if (r < 0)
		return r;
	entries = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n && sources.n < MOUNT_SOURCES_MAX; i++) {
		auto_(image_reference) struct image_reference ref = { 0 };
		const char *repository;

		if (reference_parse(store_name_of(&entries[i]), &ref, NULL) < 0 ||
		    !streq(ref.registry, p->ref.registry) ||
		    streq(ref.repository, p->ref.repository))
			continue;
		repository = arena_strdup(&p->arena, ref.repository);
		if (shares_blobs(p, &entries[i], repository) &&
		    digest_set_add(&sources, repository))
			registry_want(p->registry, repository, "pull");
	}
	return 0;
}
