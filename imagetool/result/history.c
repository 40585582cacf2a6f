/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/history.h"

#include "libutil/alloc.h"
#include "libutil/parse.h"

struct entries {
	struct image_history *items;
	size_t n, own; /* the first of this build */
};

const char *result_time_text(struct arena *a, struct timespec t)
{
	char text[TIME_TEXT_SIZE];
	char *end;

	(void)time_text(t, text);
	end = text + strlen(text) - 1; /* at Z */
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	memcpy(end, "Z", sizeof("Z"));
	return arena_strdup(a, text);
}

static bool is_empty(const struct image_history *h)
{
	return h->empty_layer.set && h->empty_layer.v;
}

static void set_empty(struct image_history *h, bool empty)
{
	h->empty_layer = (struct opt_bool){ empty, empty };
}

static size_t layers_of(const struct entries *h, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += !is_empty(&h->items[i]);
	return n;
}

static void insert(struct entries *h, size_t at, size_t n, const struct image_history *what)
{
	memmove(&h->items[at + n], &h->items[at], (h->n - at) * sizeof(*h->items));
	for (size_t i = 0; i < n; i++)
		h->items[at + i] = *what;
	h->n += n;
}

static void read_config(const struct result_image *image, struct arena *a, struct entries *ret)
{
	const struct image_history *from = image->config->history.items;
	size_t n = image->config->history.n;

	/* Room for an entry more for each layer. */
	ret->items = arena_grow(a, from, n, n + image->n_layers + 1, sizeof(*ret->items));
	ret->n = n;
	while (ret->own < n && (ret->own < image->n_base_history || from[ret->own].created))
		ret->own++;
	for (size_t i = ret->own; i < n && image->history_layer; i++)
		set_empty(&ret->items[i], !image->history_layer[i]);
}

/* So many of the entries from..to stand for layers as there are: too many promise from the end. */
static void match(struct entries *h, size_t from, size_t *to, size_t layers)
{
	size_t told = layers_of(h, from, *to);

	for (size_t i = *to; i-- > from && told > layers;)
		if (!is_empty(&h->items[i])) {
			set_empty(&h->items[i], true);
			told--;
		}
	if (told < layers) {
		insert(h, *to, layers - told, &(struct image_history){ .comment = "unknown" });
		*to += layers - told;
	}
}

static void squash(struct entries *h, const struct result_layers *l, struct arena *a)
{
	struct image_history one = { .comment =
					     arena_printf(a, "squash of %zu layers", l->squashed) };

	for (size_t i = h->own; i < h->n; i++)
		set_empty(&h->items[i], true);
	insert(h, h->n, 1, &one);
}

static struct timespec clamp(const struct result_input *in, struct timespec t)
{
	return in->has_epoch && t.tv_sec >= in->epoch ? (struct timespec){ .tv_sec = in->epoch }
						      : t;
}

static void date_layers(const struct result_input *in, const struct result_image *image,
			const struct result_layers *l, struct entries *h, struct arena *a)
{
	size_t layer = image->n_base;

	if (l->squashed)
		layer = image->n_layers - 1;
	for (size_t i = h->own; i < h->n; i++)
		if (!is_empty(&h->items[i]) && layer < image->n_layers)
			h->items[i].created =
				result_time_text(a, clamp(in, image->layers[layer++].created));
}

/* What has no layer: the time of the layer below it, or of this build's first.  Nothing may have a
 * time: an image of nothing but a config. */
static void date_others(const struct result_input *in, struct entries *h, struct arena *a)
{
	const char *time = NULL;

	for (size_t i = h->own; i < h->n && !time; i++)
		time = h->items[i].created;
	for (size_t i = h->own; i-- > 0 && !time;)
		time = h->items[i].created;
	if (!time && in->has_epoch)
		time = result_time_text(a, (struct timespec){ .tv_sec = in->epoch });
	for (size_t i = h->own; i < h->n; i++) {
		if (h->items[i].created)
			time = h->items[i].created;
		else
			h->items[i].created = time;
	}
}

static const char *not_later(const struct result_input *in, const struct entries *h,
			     struct arena *a)
{
	const char *created = h->n ? h->items[h->n - 1].created : NULL;
	struct timespec t;

	if (created && parse_time(created, &t) >= 0 && in->has_epoch && t.tv_sec >= in->epoch)
		return result_time_text(a, clamp(in, t));
	return created;
}

void result_history(const struct result_input *in, const struct result_image *image,
		    const struct result_layers *l, struct arena *a, struct oci_array *ret,
		    const char **ret_created)
{
	struct entries h = { 0 };
	size_t end;

	read_config(image, a, &h);
	match(&h, 0, &h.own, image->n_base);
	if (l->squashed)
		squash(&h, l, a);
	end = h.n;
	match(&h, h.own, &end, l->n - image->n_base);
	date_layers(in, image, l, &h, a);
	date_others(in, &h, a);
	*ret = (struct oci_array){ h.items, h.n };
	*ret_created = not_later(in, &h, a);
}
