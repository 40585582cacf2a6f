/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/new_image.h"

#include <errno.h>

#include "imagetool/archive/oci_manifest.h"
#include "imagetool/commit/config_lists.h"
#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"

/* ---- The base ---- */

static int check_base(const struct image *base, struct err *e)
{
	if (!base->config)
		return err_set(e, EINVAL, "'%s' is not a container image", base->name);
	if (base->config->rootfs->diff_ids.n != base->manifest->layers.n)
		return err_set(e, IMAGE_EVERIFY,
			       "'%s': the manifest has %zu layers, the config %zu", base->name,
			       base->manifest->layers.n, base->config->rootfs->diff_ids.n);
	return 0;
}

static size_t history_layers(const struct image_config *c)
{
	const struct image_history *h = c->history.items;
	size_t n = 0;

	for (size_t i = 0; i < c->history.n; i++)
		n += !(h[i].empty_layer.set && h[i].empty_layer.v);
	return n;
}

/* Tools refuse a history that speaks of more or fewer layers than there are. */
static int complete_history(struct new_image *n, struct err *e)
{
	size_t told = history_layers(&n->config);

	if (told > n->n_layers)
		return err_set(e, IMAGE_EVERIFY, "'%s': its history has %zu layers, the image %zu",
			       n->base->name, told, n->n_layers);
	for (; told < n->n_layers; told++)
		new_image_add_history(n, &(struct image_history){ .comment = "unknown" });
	return 0;
}

int new_image_begin(struct new_image *n, const struct image *base, struct err *e)
{
	int r = check_base(base, e);

	*n = (struct new_image){ 0 };
	if (r < 0)
		return r;
	n->base = base;
	n->config = *base->config;
	n->n_layers = base->manifest->layers.n;
	n->layers = arena_grow(&n->arena, base->manifest->layers.items, n->n_layers, n->n_layers,
			       sizeof(*n->layers));
	n->annotations = base->manifest->annotations;
	n->docker = !oci_manifest_is_oci(base->manifest);
	return 0;
}

int new_image_edit(struct new_image *n, struct err *e)
{
	struct image_rootfs *fs;

	if (n->edited)
		return 0;
	n->edited = true;
	n->config.id = n->config.parent = n->config.container = n->config.docker_version = NULL;
	n->config.container_config = NULL;
	/* It speaks of the base's layers. */
	n->config.buildkit_cache = NULL;
	fs = arena_alloc(&n->arena, 1, sizeof(*fs));
	*fs = *n->config.rootfs;
	n->config.rootfs = fs;
	return complete_history(n, e);
}

void new_image_done(struct new_image *n)
{
	arena_done(&n->arena);
}

/* ---- Changes ---- */

void new_image_drop_layers(struct new_image *n)
{
	n->n_layers = 0;
	n->layers = NULL;
	n->config.rootfs->diff_ids =
		(struct oci_strings){ .items = arena_alloc(&n->arena, 1, sizeof(char *)) };
	n->config.history = (struct oci_array){ 0 };
}

void new_image_add_layer(struct new_image *n, const struct image_descriptor *desc,
			 const char *diff_id)
{
	n->layers =
		arena_grow(&n->arena, n->layers, n->n_layers, n->n_layers + 1, sizeof(*n->layers));
	n->layers[n->n_layers++] = *desc;
	list_append(&n->arena, &n->config.rootfs->diff_ids, arena_strdup(&n->arena, diff_id));
}

struct image_descriptor new_image_layer(struct new_image *n, enum layer_compression kind,
					const struct compress_result *made)
{
	return (struct image_descriptor){ .media_type = oci_layer_type_of(kind),
					  .digest = arena_strdup(&n->arena, made->digest),
					  .size = { true, made->size } };
}

void new_image_add_made(struct new_image *n, enum layer_compression kind,
			const struct compress_result *made)
{
	const struct image_descriptor desc = new_image_layer(n, kind, made);

	new_image_add_layer(n, &desc, made->diff_id);
}

void new_image_add_history(struct new_image *n, const struct image_history *h)
{
	struct image_history *items =
		arena_grow(&n->arena, n->config.history.items, n->config.history.n,
			   n->config.history.n + 1, sizeof(*items));

	items[n->config.history.n++] = *h;
	n->config.history.items = items;
}

void new_image_annotate(struct new_image *n, const char *key, const char *value)
{
	if (*value)
		map_set(&n->arena, &n->annotations, key, arena_strdup(&n->arena, value));
}

/* ---- Writing ---- */

/* All layers in the format's words. */
static int name_layers(struct new_image *n, enum image_format format, struct err *e)
{
	for (size_t i = 0; i < n->n_layers; i++) {
		const char *type = n->layers[i].media_type;
		const char *named = type ? convert_type(type, format) : NULL;

		if (!named)
			return err_set(e, EINVAL,
				       "layer %s of media type '%s' can't be in an image of %s "
				       "format%s",
				       n->layers[i].digest, type ? type : "",
				       format == IMAGE_DOCKER ? "Docker's" : "OCI's",
				       format == IMAGE_DOCKER ? ": choose --format oci" : "");
		n->layers[i].media_type = named;
	}
	return 0;
}

static int add_document(struct new_image *n, struct store *s, const struct field_type *type,
			const void *object, const char *media_type, struct image_descriptor *ret,
			struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };

	oci_encode(type, object, 0, &text);
	return blob_add_text(s, &text, type->name, media_type, &n->arena, ret, e);
}

static struct image_platform *platform_of(struct new_image *n)
{
	struct image_platform *p = arena_alloc(&n->arena, 1, sizeof(*p));

	p->architecture = n->config.architecture;
	p->os = n->config.os;
	p->os_version = n->config.os_version;
	p->os_features = n->config.os_features;
	p->variant = n->config.variant;
	return p;
}

int new_image_write(struct new_image *n, struct store *s, enum image_format format,
		    struct image_descriptor *ret, char ret_id[DIGEST_TEXT_SIZE], struct err *e)
{
	bool docker = format == IMAGE_DOCKER || (format == IMAGE_AS_IS && n->docker);
	const char *type = docker ? MEDIA_DOCKER_MANIFEST : MEDIA_OCI_MANIFEST;
	struct image_descriptor config = { 0 };
	struct image_manifest m = {
		.schema_version = { true, 2 },
		.media_type = type,
		.config = &config,
	};
	int r = name_layers(n, docker ? IMAGE_DOCKER : IMAGE_OCI, e);

	if (r >= 0 && n->edited)
		r = add_document(n, s, &image_config_type, &n->config,
				 docker ? MEDIA_DOCKER_CONFIG : MEDIA_OCI_CONFIG, &config, e);
	else if (r >= 0)
		config = *n->base->manifest->config;
	config.media_type = docker ? MEDIA_DOCKER_CONFIG : MEDIA_OCI_CONFIG;
	m.layers = (struct oci_array){ n->layers, n->n_layers };
	if (!docker) {
		m.annotations = n->annotations;
		m.subject = n->base ? n->base->manifest->subject : NULL;
	}
	if (r >= 0)
		r = add_document(n, s, &image_manifest_type, &m, type, ret, e);
	if (r < 0)
		return r;
	ret->platform = platform_of(n);
	if (ret_id)
		memcpy(ret_id, config.digest, strlen(config.digest) + 1);
	return 0;
}
