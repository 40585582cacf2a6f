/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/index/draft.h"

#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"

#define PREFIX_MIN 4

void index_draft_init(struct index_draft *d, enum index_format format)
{
	*d = (struct index_draft){
		.doc = { .schema_version = { .set = true, .v = 2 },
			 .media_type =
				 format == INDEX_DOCKER ? MEDIA_DOCKER_LIST : MEDIA_OCI_INDEX },
	};
	d->cap = 16;
	d->doc.manifests.items = arena_alloc(&d->arena, d->cap, sizeof(struct image_descriptor));
}

void index_draft_done(struct index_draft *d)
{
	arena_done(&d->arena);
	*d = (struct index_draft){ 0 };
}

int index_draft_decode(struct index_draft *d, const char *text, size_t len, struct err *e)
{
	struct image_index *index;
	int r = image_index_decode("index", text, len, &d->arena, &index, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "image index");
	d->doc = *index;
	d->cap = index->manifests.n;
	if (!d->doc.media_type)
		d->doc.media_type = MEDIA_OCI_INDEX;
	return 0;
}

void index_draft_encode(const struct index_draft *d, struct strbuf *out)
{
	oci_encode(&image_index_type, &d->doc, 0, out);
}

/* ---- Entries ---- */

static struct image_descriptor *entries(const struct index_draft *d)
{
	return d->doc.manifests.items;
}

static const char *keep(struct index_draft *d, const char *text)
{
	return text ? arena_strdup(&d->arena, text) : NULL;
}

static struct oci_strings keep_strings(struct index_draft *d, const struct oci_strings *from)
{
	struct oci_strings copy = { .n = from->n };

	if (!from->items)
		return copy;
	copy.items = arena_alloc(&d->arena, from->n + 1, sizeof(char *));
	for (size_t i = 0; i < from->n; i++)
		copy.items[i] = keep(d, from->items[i]);
	return copy;
}

static struct oci_strings keep_list(struct index_draft *d, const struct strv *from)
{
	struct oci_strings copy = { .n = from->n };

	copy.items = arena_alloc(&d->arena, from->n + 1, sizeof(char *));
	for (size_t i = 0; i < from->n; i++)
		copy.items[i] = keep(d, from->v[i]);
	return copy;
}

static struct oci_strmap keep_map(struct index_draft *d, const struct oci_strmap *from)
{
	struct oci_strmap copy = { .n = from->n };

	if (from->n == 0)
		return copy;
	copy.items = arena_alloc(&d->arena, from->n, sizeof(*copy.items));
	for (size_t i = 0; i < from->n; i++)
		copy.items[i] = (struct oci_pair){ keep(d, from->items[i].key),
						   keep(d, from->items[i].value) };
	return copy;
}

static struct image_platform *keep_platform(struct index_draft *d,
					    const struct image_platform *from)
{
	struct image_platform *copy;

	if (!from)
		return NULL;
	copy = arena_alloc(&d->arena, 1, sizeof(*copy));
	*copy = (struct image_platform){ .architecture = keep(d, from->architecture),
					 .os = keep(d, from->os),
					 .os_version = keep(d, from->os_version),
					 .os_features = keep_strings(d, &from->os_features),
					 .variant = keep(d, from->variant),
					 .features = keep_strings(d, &from->features) };
	return copy;
}

static void grow(struct index_draft *d)
{
	size_t cap = d->cap ? 2 * d->cap : 16;
	struct image_descriptor *items;

	if (d->doc.manifests.n < d->cap)
		return;
	items = arena_alloc(&d->arena, cap, sizeof(*items));
	if (d->doc.manifests.n > 0)
		memcpy(items, d->doc.manifests.items, d->doc.manifests.n * sizeof(*items));
	d->doc.manifests.items = items;
	d->cap = cap;
}

int index_draft_add(struct index_draft *d, const struct image_descriptor *desc, struct err *e)
{
	size_t i = 0;

	while (i < d->doc.manifests.n && !streq(entries(d)[i].digest, desc->digest))
		i++;
	if (i == INDEX_ENTRIES_MAX)
		return err_set(e, EINVAL, "an index of more than %d images is of no use",
			       INDEX_ENTRIES_MAX);
	if (i == d->doc.manifests.n) {
		grow(d);
		d->doc.manifests.n++;
	}
	entries(d)[i] = (struct image_descriptor){
		.media_type = keep(d, desc->media_type),
		.digest = keep(d, desc->digest),
		.size = desc->size,
		.urls = keep_strings(d, &desc->urls),
		.annotations = keep_map(d, &desc->annotations),
		.artifact_type = keep(d, desc->artifact_type),
		.platform = keep_platform(d, desc->platform),
	};
	return (int)i;
}

int index_draft_find(const struct index_draft *d, const char *digest, struct err *e)
{
	const char *hex = starts_with(digest, "sha256:") ? digest + strlen("sha256:") : digest;
	int found = -1;

	for (size_t i = 0; i < d->doc.manifests.n; i++) {
		const char *own = entries(d)[i].digest;

		if (streq(own, digest))
			return (int)i;
		if (strlen(hex) < PREFIX_MIN || !starts_with(digest_hex(own), hex))
			continue;
		if (found >= 0)
			return err_set(e, EINVAL, "'%s' is ambiguous: give more digits", digest);
		found = (int)i;
	}
	if (found < 0)
		return err_set(e, IMAGE_ENOTFOUND, "the index names no '%s'", digest);
	return found;
}

void index_draft_remove(struct index_draft *d, size_t i)
{
	struct image_descriptor *all = entries(d);

	d->doc.manifests.n--;
	memmove(&all[i], &all[i + 1], (d->doc.manifests.n - i) * sizeof(*all));
}

/* ---- Notes ---- */

bool index_notes_are_empty(const struct index_notes *n)
{
	return !n->os && !n->arch && !n->variant && !n->os_version &&
	       (!n->os_features || n->os_features->n == 0) &&
	       (!n->annotations || n->annotations->n == 0);
}

static int note_annotation(struct index_draft *d, struct oci_strmap *map, const char *text,
			   struct err *e)
{
	const char *equals = strchr(text, '=');
	struct oci_pair pair;
	size_t i = 0, len;

	if (!equals || equals == text)
		return err_set(e, EINVAL, "annotation '%.200s' is not KEY=VALUE", text);
	len = (size_t)(equals - text);
	pair = (struct oci_pair){ arena_strndup(&d->arena, text, len), keep(d, equals + 1) };
	while (i < map->n && !streq(map->items[i].key, pair.key))
		i++;
	if (!equals[1]) {
		if (i < map->n)
			memmove(&map->items[i], &map->items[i + 1],
				(--map->n - i) * sizeof(*map->items));
		return 0;
	}
	if (i == map->n) {
		struct oci_pair *items = arena_alloc(&d->arena, map->n + 1, sizeof(*items));

		if (map->n > 0)
			memcpy(items, map->items, map->n * sizeof(*items));
		map->items = items;
		map->n++;
	}
	map->items[i] = pair;
	return 0;
}

static int note_annotations(struct index_draft *d, struct oci_strmap *map, const struct strv *list,
			    struct err *e)
{
	int r = 0;

	for (size_t i = 0; list && i < list->n && r >= 0; i++)
		r = note_annotation(d, map, list->v[i], e);
	return r;
}

static void note_word(struct index_draft *d, const char **slot, const char *text)
{
	if (text)
		*slot = text[0] ? keep(d, text) : NULL;
}

int index_draft_note(struct index_draft *d, size_t i, const struct index_notes *notes,
		     struct err *e)
{
	struct image_descriptor *desc = &entries(d)[i];
	bool platform = notes->os || notes->arch || notes->variant || notes->os_version ||
			(notes->os_features && notes->os_features->n > 0);

	if (platform && !desc->platform)
		desc->platform = arena_alloc(&d->arena, 1, sizeof(*desc->platform));
	if (platform) {
		note_word(d, &desc->platform->os, notes->os);
		note_word(d, &desc->platform->architecture, notes->arch);
		note_word(d, &desc->platform->variant, notes->variant);
		note_word(d, &desc->platform->os_version, notes->os_version);
		if (!desc->platform->os || !desc->platform->architecture)
			return err_set(e, EINVAL,
				       "a platform is an operating system and an architecture: "
				       "give --os and --arch");
	}
	if (notes->os_features && notes->os_features->n > 0)
		desc->platform->os_features = keep_list(d, notes->os_features);
	return note_annotations(d, &desc->annotations, notes->annotations, e);
}

int index_draft_note_itself(struct index_draft *d, const struct index_notes *notes, struct err *e)
{
	struct index_notes rest = *notes;

	rest.annotations = NULL;
	if (!index_notes_are_empty(&rest))
		return err_set(e, EINVAL,
			       "a platform belongs to one image of the index: say which");
	return note_annotations(d, &d->doc.annotations, notes->annotations, e);
}

/* ---- The store ---- */

int index_draft_load(const struct store *s, const char *name, struct index_draft *d, struct err *e)
{
	struct store_image found;
	autofree char *text = NULL;
	size_t len;
	int r = store_resolve(s, name, &d->arena, &found, e);

	if (r < 0)
		return r;
	if (descriptor_kind(found.desc) != MEDIA_INDEX)
		return err_set(e, EINVAL, "'%s' is one image, not an index", name);
	r = blob_read(s, found.desc->digest, descriptor_size(found.desc), IMAGE_MANIFEST_MAX, &text,
		      &len, e);
	return r < 0 ? r : index_draft_decode(d, text, len, e);
}

int index_draft_save(struct store *s, const char *name, const struct index_draft *d,
		     char ret_digest[DIGEST_TEXT_SIZE], struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = IMAGE_MANIFEST_MAX };
	struct image_descriptor desc = { .media_type = d->doc.media_type, .digest = ret_digest };
	int r;

	index_draft_encode(d, &text);
	r = strbuf_check(&text, "index", e);
	if (r >= 0)
		r = blob_add(s, text.data, text.len, ret_digest, e);
	if (r < 0)
		return r;
	desc.size = (struct opt_i64){ .set = true, .v = (int64_t)text.len };
	return store_tag(s, name, &desc, e);
}
