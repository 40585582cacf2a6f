/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/list_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "imagetool/verb/describe.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void set_platform(struct list_row *row, const char *os, const char *arch,
			 const char *variant)
{
	(void)snprintf(row->platform, sizeof(row->platform), "%.31s/%.31s%s%.31s", or_empty(os),
		       or_empty(arch), variant ? "/" : "", or_empty(variant));
}

/* An image whose blobs are missing or damaged is listed by what index.json knows. */
static void row_fill(const struct store *s, const struct image_descriptor *desc, bool shallow,
		     struct list_row *row)
{
	const struct store_image entry = { .name = store_name_of(desc), .desc = desc };
	const struct image *img = &row->image;

	*row = (struct list_row){
		.desc = desc, .name = entry.name, .digest = desc->digest, .size = -1
	};
	if (desc->platform)
		set_platform(row, desc->platform->os, desc->platform->architecture,
			     desc->platform->variant);
	if (shallow || image_load_entry(s, &entry, NULL, &row->image, NULL) < 0)
		return;
	row->size = describe_size(img->manifest);
	row->id = img->manifest->config ? img->manifest->config->digest : NULL;
	if (!img->config)
		return;
	row->created = img->config->created;
	set_platform(row, img->config->os, img->config->architecture, img->config->variant);
}

int list_rows_read(const struct store *s, bool shallow, struct list_rows *ret, struct err *e)
{
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = store_index(s, &ret->arena, &index, e);

	if (r < 0)
		return r;
	entries = index->manifests.items;
	ret->items = xcalloc(index->manifests.n + 1, sizeof(*ret->items));
	for (; ret->n < index->manifests.n; ret->n++)
		row_fill(s, &entries[ret->n], shallow, &ret->items[ret->n]);
	return 0;
}

void list_rows_done(struct list_rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		image_done(&r->items[i].image);
	free(r->items);
	arena_done(&r->arena);
	*r = (struct list_rows){ 0 };
}

/* ---- Order ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct list_row *)a)->name, ((const struct list_row *)b)->name);
}

/* The largest and the newest first. */
static int by_size(const void *a, const void *b)
{
	int64_t x = ((const struct list_row *)a)->size, y = ((const struct list_row *)b)->size;

	return x == y ? by_name(a, b) : x < y ? 1 : -1;
}

static struct timespec time_of(const struct list_row *row)
{
	struct timespec t = { 0 };

	if (row->created)
		(void)parse_time(row->created, &t);
	return t;
}

static int by_created(const void *a, const void *b)
{
	struct timespec x = time_of(a), y = time_of(b);

	if (x.tv_sec != y.tv_sec)
		return x.tv_sec < y.tv_sec ? 1 : -1;
	return x.tv_nsec == y.tv_nsec ? by_name(a, b) : x.tv_nsec < y.tv_nsec ? 1 : -1;
}

void list_sort(struct list_rows *rows, enum list_order order)
{
	static int (*const orders[])(const void *a, const void *b) = {
		[LIST_BY_CREATED] = by_created, [LIST_BY_NAME] = by_name, [LIST_BY_SIZE] = by_size
	};

	if (order != LIST_AS_STORED && rows->n)
		qsort(rows->items, rows->n, sizeof(*rows->items), orders[order]);
}
