/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/rebase.h"

#include <errno.h>

#include "imagetool/errors.h"

static int check_below(const struct new_image *n, const struct image *old_base, struct err *e)
{
	const struct oci_strings *own = &n->config.rootfs->diff_ids;
	const struct oci_strings *below = &old_base->config->rootfs->diff_ids;

	for (size_t i = 0; i < below->n; i++)
		if (i >= own->n || !streq(own->items[i], below->items[i]))
			return err_set(e, EINVAL,
				       "'%s' does not stand on '%s': layer %zu is another one",
				       n->base->name, old_base->name, i + 1);
	return 0;
}

static int check_config(const struct image *img, struct err *e)
{
	if (!img->config)
		return err_set(e, EINVAL, "'%s' is not a container image", img->name);
	if (img->config->rootfs->diff_ids.n != img->manifest->layers.n)
		return err_set(e, IMAGE_EVERIFY, "'%s': manifest and config do not agree on layers",
			       img->name);
	return 0;
}

/* Where the history of what stands on the base begins: as long as the base's where that is told
 * word for word, else behind the entry of its last layer. */
static size_t own_history(const struct oci_array *history, const struct image *old_base)
{
	const struct image_history *h = history->items;
	size_t layers = old_base->manifest->layers.n, i = 0;

	if (old_base->config->history.n && old_base->config->history.n <= history->n) {
		size_t told = 0;

		for (size_t k = 0; k < old_base->config->history.n; k++)
			told += !(h[k].empty_layer.set && h[k].empty_layer.v);
		if (told == layers)
			return old_base->config->history.n;
	}
	for (; i < history->n && layers; i++)
		layers -= !(h[i].empty_layer.set && h[i].empty_layer.v);
	return i;
}

static void add_layers(struct new_image *n, const struct image_descriptor *layers,
		       const char *const *diff_ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		new_image_add_layer(n, &layers[i], diff_ids[i]);
}

static void add_history(struct new_image *n, const struct image_history *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		new_image_add_history(n, &items[i]);
}

/* The new base's history, filled up where it does not tell of all its layers. */
static void add_base(struct new_image *n, const struct image *base)
{
	const struct image_history *h = base->config->history.items;
	size_t told = 0;

	add_layers(n, base->manifest->layers.items, base->config->rootfs->diff_ids.items,
		   base->manifest->layers.n);
	add_history(n, h, base->config->history.n);
	for (size_t i = 0; i < base->config->history.n; i++)
		told += !(h[i].empty_layer.set && h[i].empty_layer.v);
	for (; told < base->manifest->layers.n; told++)
		new_image_add_history(n, &(struct image_history){ .comment = "unknown" });
}

int rebase(struct new_image *n, const struct image *old_base, const struct image *base,
	   struct err *e)
{
	const struct image_descriptor *layers = n->layers;
	struct oci_strings diff_ids;
	struct oci_array history;
	size_t n_layers = n->n_layers, below, from;
	int r = check_config(old_base, e);

	if (r >= 0)
		r = check_config(base, e);
	if (r >= 0)
		r = check_below(n, old_base, e);
	if (r >= 0)
		r = new_image_edit(n, e);
	if (r < 0)
		return r;
	below = old_base->manifest->layers.n;
	diff_ids = n->config.rootfs->diff_ids;
	history = n->config.history;
	from = own_history(&history, old_base);
	new_image_drop_layers(n);
	add_base(n, base);
	add_layers(n, layers + below, diff_ids.items + below, n_layers - below);
	add_history(n, (const struct image_history *)history.items + from, history.n - from);
	new_image_annotate(n, "org.opencontainers.image.base.name", base->name);
	new_image_annotate(n, "org.opencontainers.image.base.digest", base->selected->digest);
	return 0;
}
