/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/archive/oci_manifest.h"
#include "imagetool/archive/save.h"
#include "imagetool/errors.h"
#include "imagetool/layer/layer.h"
#include "libutil/alloc.h"
#include "libutil/digest.h"
#include "libutil/path.h"

#define COPY_SIZE ((size_t)256 << 10)

/* One blob to be written: of the store, or a document made here. */
struct item {
	const char *digest; /* in the arena */
	int64_t size;
	const char *text; /* NULL: of the store */
};

struct saving {
	struct arena arena;
	struct item *items; /* owned */
	size_t n, cap;
	struct image_descriptor *entries; /* of index.json, in the arena */
};

static void saving_done(struct saving *s)
{
	free(s->items);
	arena_done(&s->arena);
}
AUTO_DEFINE_DONE(saving, saving_done)

static void add_item(struct saving *s, const char *digest, int64_t size, const char *text)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->items = xreallocarray(s->items, s->cap, sizeof(*s->items));
	}
	s->items[s->n++] = (struct item){ arena_strdup(&s->arena, digest), size, text };
}

/* ---- What is to be written ---- */

static int add_manifest(struct saving *s, const struct image *img, struct image_descriptor *entry,
			struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	int r = 0;

	*entry = (struct image_descriptor){ .media_type = MEDIA_OCI_MANIFEST };
	if (oci_manifest_is_oci(img->manifest)) {
		entry->digest = img->selected->digest;
		entry->size = (struct opt_i64){ true, (int64_t)img->manifest_len };
		add_item(s, entry->digest, entry->size.v, NULL);
		return 0;
	}
	r = oci_manifest_convert(img->manifest, &text, e);
	if (r < 0)
		return r;
	digest_of(DIGEST_SHA256, text.data, text.len, digest);
	entry->digest = arena_strdup(&s->arena, digest);
	entry->size = (struct opt_i64){ true, (int64_t)text.len };
	add_item(s, digest, (int64_t)text.len, arena_strndup(&s->arena, text.data, text.len));
	return 0;
}

static bool is_taken(const struct image_descriptor *entries, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (streq(store_name_of(&entries[i]), name))
			return true;
	return false;
}

/* The tag; "repository-tag" when another image of the archive has the tag; then counted. umoci
 * takes nothing but [A-Za-z0-9._-], so the whole name can't stand here. */
static const char *short_name(struct saving *s, const struct image_reference *ref, size_t index)
{
	const char *tag = ref->tag ? ref->tag : "latest";
	const char *base = path_base(ref->repository);
	const char *name = arena_strdup(&s->arena, tag);

	if (is_taken(s->entries, index, name))
		name = arena_printf(&s->arena, "%s-%s", base, tag);
	for (int i = 2; is_taken(s->entries, index, name); i++)
		name = arena_printf(&s->arena, "%s-%s-%d", base, tag, i);
	return name;
}

static void name_entry(struct saving *s, const struct image *img, size_t index)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	struct oci_strmap *m = &s->entries[index].annotations;

	if (!*img->name)
		return;
	m->items = arena_alloc(&s->arena, 2, sizeof(*m->items));
	/* A name that is no reference came with a layout of somebody's, and goes with it. */
	if (reference_parse(img->name, &ref, NULL) < 0 || !strpbrk(img->name, "/:")) {
		m->items[m->n++] = (struct oci_pair){ IMAGE_REF_NAME, img->name };
		return;
	}
	m->items[m->n++] = (struct oci_pair){ IMAGE_FULL_NAME, img->name };
	m->items[m->n] = (struct oci_pair){ IMAGE_REF_NAME, short_name(s, &ref, index) };
	m->n++;
}

static void add_platform(struct saving *s, const struct image *img, struct image_descriptor *entry)
{
	struct image_platform *p;

	if (!img->config)
		return;
	p = arena_alloc(&s->arena, 1, sizeof(*p));
	p->architecture = img->config->architecture;
	p->os = img->config->os;
	p->variant = img->config->variant;
	p->os_version = img->config->os_version;
	entry->platform = p;
}

static int add_image(struct saving *s, const struct image *img, size_t index, struct err *e)
{
	const struct image_manifest *m = img->manifest;
	const struct image_descriptor *layers = m->layers.items;
	struct image_descriptor *entry = &s->entries[index];
	int r = add_manifest(s, img, entry, e);

	if (r < 0)
		return r;
	add_platform(s, img, entry);
	name_entry(s, img, index);
	add_item(s, m->config->digest, m->config->size.v, NULL);
	for (size_t i = 0; i < m->layers.n; i++)
		add_item(s, layers[i].digest, layers[i].size.v, NULL);
	return 0;
}

static int by_digest(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return strcmp(x->digest, y->digest);
}

/* ---- Writing it ---- */

/* The digest is computed again: what leaves the store is what its name says. */
static int copy_blob(const struct store *s, const struct item *item, struct sink *to, struct err *e)
{
	autofree char *buf = xcalloc(COPY_SIZE, 1);
	struct digest *hash =
		digest_new(starts_with(item->digest, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256);
	char found[DIGEST_TEXT_SIZE];
	autofd int fd = blob_open(s, item->digest, NULL, e);
	int r = fd;

	while (r >= 0 && (r = byte_source_read_fd(&fd, buf, COPY_SIZE, e)) > 0) {
		digest_update(hash, buf, (size_t)r);
		r = to->data(to, buf, (size_t)r, e);
	}
	digest_final(hash, found);
	digest_free(hash);
	if (r >= 0 && !streq(found, item->digest))
		r = err_set(e, IMAGE_EVERIFY, "its digest is %s", found);
	return r < 0 ? err_wrap(e, r, "blob %s", item->digest) : 0;
}

static int write_item(const struct store *s, const struct item *item, struct sink *to,
		      struct err *e)
{
	const char *hex = digest_hex(item->digest);
	autofree char *name =
		xasprintf("blobs/%.*s/%s", (int)(hex - 1 - item->digest), item->digest, hex);
	int64_t size = item->size;
	int r;

	if (item->text)
		return sink_text(to, name, item->text, (size_t)size, e);
	/* The header states the size, so the file's own is asked first. */
	r = blob_open(s, item->digest, &size, e);
	if (r < 0)
		return r;
	(void)close(r);
	if (size != item->size)
		return err_set(e, IMAGE_EVERIFY, "blob %s has %lld bytes, it should have %lld",
			       item->digest, (long long)size, (long long)item->size);
	r = to->file(to, name, size, e);
	return r < 0 ? r : copy_blob(s, item, to, e);
}

static bool has_algorithm(const struct saving *s, const char *algorithm)
{
	for (size_t i = 0; i < s->n; i++)
		if (starts_with(s->items[i].digest, algorithm))
			return true;
	return false;
}

static int write_blobs(const struct store *s, const struct saving *saving, struct sink *to,
		       struct err *e)
{
	static const char *const algorithms[] = { "sha256", "sha512" };
	int r = to->dir(to, "blobs", e);

	for (size_t i = 0; i < ARRAY_LEN(algorithms) && r >= 0; i++) {
		autofree char *name = xasprintf("blobs/%s", algorithms[i]);

		if (has_algorithm(saving, algorithms[i]))
			r = to->dir(to, name, e);
	}
	for (size_t i = 0; i < saving->n && r >= 0; i++) {
		/* Images share layers. */
		if (i && streq(saving->items[i].digest, saving->items[i - 1].digest))
			continue;
		r = write_item(s, &saving->items[i], to, e);
	}
	return r;
}

static int write_index(const struct saving *saving, size_t n, struct sink *to, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct image_index index = {
		.schema_version = { true, 2 },
		.media_type = MEDIA_OCI_INDEX,
		.manifests = { .items = saving->entries, .n = n },
	};
	struct image_layout layout = { .version = IMAGE_LAYOUT_VERSION };
	int r;

	oci_encode(&image_index_type, &index, 0, &text);
	r = strbuf_check(&text, "index.json", e);
	if (r >= 0)
		r = sink_text(to, "index.json", text.data, text.len, e);
	strbuf_truncate(&text, 0);
	oci_encode(&image_layout_type, &layout, 0, &text);
	return r < 0 ? r : sink_text(to, "oci-layout", text.data, text.len, e);
}

int save_oci(const struct store *s, const struct save_images *images, struct sink *to,
	     struct err *e)
{
	auto_(saving) struct saving saving = { 0 };
	int r = 0;

	saving.entries = arena_alloc(&saving.arena, images->n, sizeof(*saving.entries));
	for (size_t i = 0; i < images->n && r >= 0; i++)
		r = add_image(&saving, &images->items[i], i, e);
	if (r < 0)
		return r;
	qsort(saving.items, saving.n, sizeof(*saving.items), by_digest);
	r = write_blobs(s, &saving, to, e);
	if (r >= 0)
		r = write_index(&saving, images->n, to, e);
	return r < 0 ? r : to->end(to, e);
}
