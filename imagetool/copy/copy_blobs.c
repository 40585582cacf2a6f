/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/copy/copy_internal.h"
#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/digest_set.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

/* The config is read here: it says the platform, and what the layers are. */
struct config_source {
	struct image_source s; /* first: the functions cast */
	struct image_source *from;
	const struct image_descriptor *desc;
	const char *text;
	size_t len;
};

static int open_again(struct image_source *s, const struct image_descriptor *desc,
		      struct blob_stream **ret, struct err *e)
{
	struct config_source *c = (struct config_source *)s;

	if (!c->text || !streq(desc->digest, c->desc->digest))
		return c->from->ops->open(c->from, desc, ret, e);
	*ret = stream_of_text(xstrndup(c->text, c->len), c->len);
	return 0;
}

static void free_nothing(struct image_source *s UNUSED)
{
}

static const struct image_source_ops config_ops = { NULL, NULL, open_again, free_nothing };

/* ---- What the manifest says ---- */

static int read_config(struct copying *c, struct target_image *image, struct err *e)
{
	const struct image_descriptor *desc = image->manifest->config;
	autofree char *text = NULL;
	struct image_config *config;
	int r;

	if (descriptor_kind(desc) != MEDIA_CONFIG)
		return 0;
	r = source_read(c->from, desc, IMAGE_CONFIG_MAX, &text, &image->config_len, e);
	if (r < 0)
		return r;
	image->config_text = arena_strndup(&c->arena, text, image->config_len);
	r = image_config_decode(desc->digest, image->config_text, image->config_len, &c->arena,
				&config, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "image config");
	image->config = config;
	return 0;
}

static void keep_platform(struct copying *c, const struct target_image *image)
{
	const struct image_config *config = image->config;

	c->artifact_type = image->manifest->artifact_type;
	c->image_platform = NULL;
	if (!config || !config->os || !config->architecture)
		return;
	c->image_platform = arena_alloc(&c->arena, 1, sizeof(*c->image_platform));
	c->image_platform->os = config->os;
	c->image_platform->architecture = config->architecture;
	c->image_platform->variant = config->variant;
	c->image_platform->os_version = config->os_version;
}

/* ---- Which blobs ---- */

/* Layers that may not be distributed are where their URLs say. */
static bool is_elsewhere(const struct image_descriptor *desc)
{
	bool foreign = false;

	if (desc->media_type)
		(void)media_type_parse(desc->media_type, NULL, &foreign);
	return foreign && desc->urls.n > 0;
}

static int add(const struct image_descriptor *desc, struct digest_set *seen,
	       const struct image_descriptor **items, size_t *n, struct err *e)
{
	if (!desc->size.set)
		return err_set(e, IMAGE_EVERIFY, "the manifest gives no size for blob %s",
			       desc->digest);
	if (!is_elsewhere(desc) && digest_set_add(seen, desc->digest))
		items[(*n)++] = desc;
	return 0;
}

static int list(const struct image_manifest *m, const struct image_descriptor **items, size_t *n,
		struct err *e)
{
	auto_(digest_set) struct digest_set seen = { 0 };
	const struct image_descriptor *layers = m->layers.items;
	int r = add(m->config, &seen, items, n, e);

	for (size_t i = 0; i < m->layers.n && r >= 0; i++)
		r = add(&layers[i], &seen, items, n, e);
	return r;
}

/* What is no image may have layers of any kind and number. */
static int check_layers(const struct target_image *image, struct err *e)
{
	size_t ids = image->config && image->config->rootfs ? image->config->rootfs->diff_ids.n : 0;

	if (image->config && image->config->rootfs && ids != image->manifest->layers.n)
		return err_set(e, IMAGE_EVERIFY,
			       "the manifest has %zu layers, the image config describes %zu",
			       image->manifest->layers.n, ids);
	return 0;
}

int copy_blobs(struct copying *c, const struct registry_document *d, struct err *e)
{
	autofree const struct image_descriptor **items = NULL;
	struct config_source source = { .s = *c->from, .from = c->from };
	struct target_image image = { 0 };
	struct image_manifest *m;
	size_t n = 0;
	int r = image_manifest_decode(d->digest, d->text, d->len, &c->arena, &m, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "manifest");
	image.manifest = m;
	items = xcalloc(m->layers.n + 1, sizeof(struct image_descriptor *));
	r = read_config(c, &image, e);
	if (r >= 0)
		r = check_layers(&image, e);
	if (r >= 0)
		r = list(m, items, &n, e);
	keep_platform(c, &image);
	if (r >= 0 && c->to->ops->image)
		r = c->to->ops->image(c->to, &image, e);
	if (r < 0)
		return r;
	source.s.ops = &config_ops;
	source.desc = m->config;
	source.text = image.config_text;
	source.len = image.config_len;
	return c->to->ops->blobs(c->to, &source.s, items, n, e);
}
