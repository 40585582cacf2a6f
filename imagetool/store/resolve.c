/* SPDX-License-Identifier: Apache-2.0 */
/* From what a person types to an entry of index.json. */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "imagetool/store/internal.h"

/* Shorter would rather be a slip than an id. */
#define ID_PREFIX_MIN 4

static const struct image_descriptor *entry_named(const struct image_index *index, const char *name)
{
	const struct image_descriptor *all = index->manifests.items;

	for (size_t i = 0; all && i < index->manifests.n; i++) {
		if (streq(store_name_of(&all[i]), name))
			return &all[i];
	}
	return NULL;
}

static bool is_of_repository(const struct image_descriptor *desc, const struct image_reference *ref)
{
	auto_(image_reference) struct image_reference own = { 0 };

	return reference_parse(store_name_of(desc), &own, NULL) >= 0 &&
	       streq(own.registry, ref->registry) && streq(own.repository, ref->repository);
}

/* "repo@sha256:…" names also what was pulled by tag from there and has that digest, of itself or of
 * its index. */
static const struct image_descriptor *entry_of_digest(const struct image_index *index,
						      const struct image_reference *ref)
{
	const struct image_descriptor *all = index->manifests.items;

	for (size_t i = 0; all && i < index->manifests.n; i++) {
		if ((streq(all[i].digest, ref->digest) ||
		     streq(descriptor_annotation(&all[i], IMAGE_SOURCE_INDEX), ref->digest)) &&
		    is_of_repository(&all[i], ref))
			return &all[i];
	}
	return NULL;
}

static const struct image_descriptor *entry_by_reference(const struct image_index *index,
							 const char *text, bool *ret_by_digest)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	const struct image_descriptor *found;
	autofree char *full = NULL;

	if (reference_parse(text, &ref, NULL) < 0)
		return NULL;
	full = reference_text(&ref);
	found = entry_named(index, full);
	if (!found && ref.digest) {
		found = entry_of_digest(index, &ref);
		*ret_by_digest = found != NULL;
	}
	return found;
}

/* ---- By the beginning of a digest ---- */

static bool is_id_prefix(const char *s)
{
	size_t len = strlen(s);

	return len >= ID_PREFIX_MIN && strspn(s, "0123456789abcdef") == len;
}

static bool digest_begins(const char *digest, const char *hex)
{
	return digest_check(digest, NULL) == 0 && starts_with(digest_hex(digest), hex);
}

/* Does the config of this manifest, the image id, begin so?  What cannot be read does not. */
static bool config_begins(const struct store *s, const struct image_descriptor *desc,
			  const char *hex)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct image_manifest *m;
	size_t len;

	if (descriptor_kind(desc) != MEDIA_MANIFEST ||
	    blob_read(s, desc->digest, -1, IMAGE_MANIFEST_MAX, &text, &len, NULL) < 0 ||
	    image_manifest_decode(desc->digest, text, len, &a, &m, NULL) < 0)
		return false;
	return m->config && digest_begins(m->config->digest, hex);
}

static int entry_by_id(const struct store *s, const struct image_index *index, const char *text,
		       const struct image_descriptor **ret, struct err *e)
{
	const struct image_descriptor *all = index->manifests.items;
	const char *hex = starts_with(text, "sha256:") ? text + strlen("sha256:") : text;

	*ret = NULL;
	if (!is_id_prefix(hex))
		return 0;
	for (size_t i = 0; all && i < index->manifests.n; i++) {
		if (!digest_begins(all[i].digest, hex) && !config_begins(s, &all[i], hex) &&
		    !digest_begins(descriptor_annotation(&all[i], IMAGE_SOURCE_INDEX), hex))
			continue;
		if (*ret && !streq((*ret)->digest, all[i].digest))
			return err_set(
				e, EINVAL,
				"image '%s' is ambiguous: %s and %s begin so; give more digits",
				text, (*ret)->digest, all[i].digest);
		if (!*ret)
			*ret = &all[i];
	}
	return 0;
}

int store_resolve(const struct store *s, const char *text, struct arena *a, struct store_image *ret,
		  struct err *e)
{
	const struct image_descriptor *found;
	struct image_index *index;
	bool by_digest = false;
	int r = store_index(s, a, &index, e);

	if (r < 0)
		return r;
	found = text[0] == '\0' ? NULL : entry_named(index, text);
	if (!found)
		found = entry_by_reference(index, text, &by_digest);
	if (!found) {
		by_digest = true;
		r = entry_by_id(s, index, text, &found, e);
		if (r < 0)
			return r;
	}
	if (!found)
		return err_set(
			e, IMAGE_ENOTFOUND,
			"no image '%s' in store '%s': 'creel-image list' shows what is there, "
			"'creel-image pull' brings more",
			text, s->path);
	*ret = (struct store_image){ .name = store_name_of(found),
				     .desc = found,
				     .by_digest = by_digest };
	return 0;
}
