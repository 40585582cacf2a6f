/* SPDX-License-Identifier: Apache-2.0 */
/* Configs of images, each asked for once, and names of images. */
#include <errno.h>

#include "imagetool/graph/internal.h"

int image_full_name(struct builder *b, const char *name, const char **ret, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *text = NULL;
	int r = reference_parse(name, &ref, e);

	if (r < 0)
		return err_wrap(e, r, "failed to parse stage name \"%.120s\"", name);
	text = reference_text(&ref);
	*ret = arena_strdup(b->arena, text);
	return 0;
}

const char *image_short_name(struct builder *b, const char *name)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *text = NULL;
	static const char tag[] = ":latest";
	size_t len;

	if (reference_parse(name, &ref, NULL) < 0)
		return name;
	text = reference_familiar(&ref);
	len = strlen(text);
	if (len > strlen(tag) && streq(text + len - strlen(tag), tag))
		len -= strlen(tag);
	return arena_strndup(b->arena, text, len);
}

static const char *key_of(struct builder *b, const struct vertex_image *want)
{
	char platform[PLATFORM_TEXT_SIZE];

	return arena_printf(b->arena, "%s %s %s", platform_text(&want->platform, platform),
			    want->layout ? want->layout : "", want->reference);
}

static const char *with_digest(struct builder *b, const char *reference, const char *digest)
{
	if (!digest || strchr(reference, '@'))
		return reference;
	return arena_printf(b->arena, "%s@%s", reference, digest);
}

int image_lookup(struct builder *b, const struct vertex_image *want, const struct known_image **ret,
		 struct err *e)
{
	const char *key = key_of(b, want);
	ssize_t found = names_find(&b->images_by_name, key);
	struct known_image known = { .want = *want };
	int r;

	if (found >= 0) {
		*ret = &b->images[found];
		return 0;
	}
	r = b->calls->image(b->calls->ctx, want, &known.image, e);
	if (r < 0)
		return r;
	known.reference =
		with_digest(b, known.image.reference ? known.image.reference : want->reference,
			    known.image.digest);
	if (b->n_images == b->images_cap) {
		b->images_cap = b->images_cap ? 2 * b->images_cap : 8;
		b->images = arena_grow(b->arena, b->images, b->n_images, b->images_cap,
				       sizeof(*b->images));
	}
	names_set(&b->images_by_name, b->arena, key, b->n_images);
	b->images[b->n_images] = known;
	*ret = &b->images[b->n_images++];
	return 0;
}
