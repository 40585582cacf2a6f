/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/docker_texts.h"

#include <errno.h>

#include "libutil/alloc.h"
#include "libutil/digest.h"

void docker_texts_done(struct docker_texts *s)
{
	arena_done(&s->arena);
	*s = (struct docker_texts){ 0 };
}

/* config.md: ChainID(n) = digest of "ChainID(n-1) DiffID(n)", the first is the diffID itself. */
static const char *chain_id(struct arena *a, const char *below, const char *diff_id)
{
	char text[DIGEST_TEXT_SIZE];
	autofree char *both = NULL;

	if (!below)
		return arena_strdup(a, digest_hex(diff_id));
	both = xasprintf("sha256:%s %s", below, diff_id);
	digest_of(DIGEST_SHA256, both, strlen(both), text);
	return arena_strdup(a, digest_hex(text));
}

static void add_layers(struct docker_texts *s, const struct target_image *from,
		       struct docker_text_image *to)
{
	const struct image_descriptor *layers = from->manifest->layers.items;
	struct arena *a = &s->arena;

	to->ids = arena_alloc(a, to->n + 1, sizeof(*to->ids));
	to->diff_ids = arena_alloc(a, to->n + 1, sizeof(*to->diff_ids));
	to->layers = arena_alloc(a, to->n + 1, sizeof(*to->layers));
	for (size_t i = 0; i < to->n; i++) {
		to->diff_ids[i] = arena_strdup(a, from->config->rootfs->diff_ids.items[i]);
		to->ids[i] = chain_id(a, i ? to->ids[i - 1] : NULL, to->diff_ids[i]);
		to->layers[i] = (struct image_descriptor){
			.media_type = arena_strdup(a, layers[i].media_type),
			.digest = arena_strdup(a, layers[i].digest),
			.size = layers[i].size,
		};
	}
}

int docker_texts_add(struct docker_texts *s, const struct target_image *image,
		     struct docker_text_image **ret, struct err *e)
{
	struct docker_text_image *own = arena_alloc(&s->arena, 1, sizeof(*own));

	if (!image->config || !image->config->rootfs ||
	    image->config->rootfs->diff_ids.n != image->manifest->layers.n)
		return err_set(e, EINVAL, "it is not an image that a docker-archive can hold");
	own->n = image->manifest->layers.n;
	add_layers(s, image, own);
	own->config_name =
		arena_printf(&s->arena, "%s.json", digest_hex(image->manifest->config->digest));
	own->config_text = arena_strndup(&s->arena, image->config_text, image->config_len);
	own->config_len = image->config_len;
	s->images = arena_grow(&s->arena, s->images, s->n, s->n + 1,
			       sizeof(struct docker_text_image *));
	s->images[s->n++] = own;
	*ret = own;
	return 0;
}

/* What docker prints; a name without a tag it could not load. */
void docker_texts_name(struct docker_texts *s, struct docker_text_image *image, const char *name)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *familiar = NULL;

	if (!name || reference_parse(name, &ref, NULL) < 0 || !ref.tag)
		return;
	free(ref.digest);
	ref.digest = NULL;
	familiar = reference_familiar(&ref);
	image->name = arena_strdup(&s->arena, familiar);
}

static void put_item(const struct docker_text_image *d, struct json_writer *w)
{
	json_object(w);
	json_kv_string(w, "Config", d->config_name);
	json_key(w, "RepoTags");
	if (d->name) {
		json_array(w);
		json_string(w, d->name);
		json_array_end(w);
	} else {
		json_null(w);
	}
	json_key(w, "Layers");
	json_array(w);
	for (size_t i = 0; i < d->n; i++) {
		autofree char *layer = xasprintf("%s/layer.tar", d->ids[i]);

		json_string(w, layer);
	}
	json_array_end(w);
	json_object_end(w);
}

void docker_texts_manifest(const struct docker_texts *s, struct strbuf *out)
{
	struct json_writer w = { .out = out };

	json_array(&w);
	for (size_t i = 0; i < s->n; i++)
		put_item(s->images[i], &w);
	json_array_end(&w);
}

/* ---- repositories: {"nginx": {"1.25": "<top layer>"}} ---- */

/* Where "nginx:1.25" is cut; 0 when it has no place there. */
static size_t repository_len(const struct docker_text_image *d)
{
	const char *colon = d->name && d->n ? strrchr(d->name, ':') : NULL;

	return colon ? (size_t)(colon - d->name) : 0;
}

static bool same_repository(const struct docker_text_image *a, const struct docker_text_image *b)
{
	size_t len = repository_len(a);

	return len && len == repository_len(b) && memcmp(a->name, b->name, len) == 0;
}

static bool came_before(const struct docker_texts *s, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same_repository(s->images[i], s->images[index]))
			return true;
	return false;
}

/* The same tag twice: the last counts, and a key stands once. */
static bool comes_again(const struct docker_texts *s, size_t index)
{
	for (size_t i = index + 1; i < s->n; i++)
		if (s->images[i]->name && streq(s->images[i]->name, s->images[index]->name))
			return true;
	return false;
}

void docker_texts_repositories(const struct docker_texts *s, struct strbuf *out)
{
	struct json_writer w = { .out = out };

	json_object(&w);
	for (size_t i = 0; i < s->n; i++) {
		const struct docker_text_image *first = s->images[i];
		autofree char *name =
			xstrndup(first->name ? first->name : "", repository_len(first));

		if (!*name || came_before(s, i))
			continue;
		json_key(&w, name);
		json_object(&w);
		for (size_t k = i; k < s->n; k++)
			if (same_repository(first, s->images[k]) && !comes_again(s, k))
				json_kv_string(&w, s->images[k]->name + repository_len(first) + 1,
					       s->images[k]->ids[s->images[k]->n - 1]);
		json_object_end(&w);
	}
	json_object_end(&w);
}
