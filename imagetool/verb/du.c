/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/verb/du_count.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/rows.h"
#include "imagetool/verb/verbs.h"

struct du_values {
	bool json;
	const char *format;
};

static const struct opt du_opts[] = {
	{ .name = "format",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct du_values, format),
	  .arg = "FORMAT",
	  .help = "json, table, 'table TEMPLATE', or a template for each image; no sums then" },
	JSON_OPT_ROW(offsetof(struct du_values, json),
		     "print images and sums as one object, in bytes"),
	OPT_END,
};

static const struct rows_column columns[] = {
	{ "NAME", "Name", false },
	{ "SIZE", "Size", false },
	{ "SHARED", "Shared", false },
	{ "UNIQUE", "Unique", false },
	{ "UNPACKED", "Unpacked", false },
	{ "DIGEST", "Digest", true },
	{ NULL, NULL, false },
};

static void put_size(struct json_writer *w, const char *key, uint64_t bytes)
{
	char text[HUMAN_SIZE];

	json_kv_string(w, key, human_size(bytes, text));
}

static void put_row(struct json_writer *w, const struct du_image *image)
{
	json_object(w);
	json_kv_string(w, "Name", image->name[0] ? image->name : "<none>");
	put_size(w, "Size", image->size);
	put_size(w, "Shared", image->shared);
	put_size(w, "Unique", image->size - image->shared);
	put_size(w, "Unpacked", image->unpacked);
	json_kv_string(w, "Digest", image->digest);
	json_object_end(w);
}

static int print_table(const struct du_values *v, const struct du *du, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = ROWS_MAX };
	struct json_writer w = { .out = &text };

	json_array(&w);
	for (size_t i = 0; i < du->n; i++)
		put_row(&w, &du->images[i]);
	json_array_end(&w);
	return rows_print(&text, columns, v->format, e);
}

static int print_sums(const struct du *du, struct err *e)
{
	static const char *const labels[] = { "blobs", "snapshots", "broken downloads",
					      "steps of builds, among these" };
	const struct du_sum *sums[] = { &du->blobs, &du->snapshots, &du->partials, &du->builds };
	auto_(strbuf) struct strbuf out = { 0 };
	char size[HUMAN_SIZE];

	strbuf_addc(&out, '\n');
	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		strbuf_addf(&out, "%llu %s, %s\n", (unsigned long long)sums[i]->n, labels[i],
			    human_size(sums[i]->bytes, size));
	if (du->counted)
		strbuf_addf(&out,
			    "'prune' would free %llu blobs, %llu snapshots, %llu broken downloads, "
			    "%s of blobs\n",
			    (unsigned long long)du->garbage.blobs,
			    (unsigned long long)du->garbage.snapshots,
			    (unsigned long long)du->garbage.partials,
			    human_size(du->garbage.bytes, size));
	return output_write(strbuf_str(&out), out.len, e);
}

/* ---- JSON ---- */

static void put_sum(struct json_writer *w, const char *key, const struct du_sum *sum)
{
	json_key(w, key);
	json_object(w);
	json_kv_i64(w, "count", (int64_t)sum->n);
	json_kv_i64(w, "bytes", (int64_t)sum->bytes);
	json_object_end(w);
}

static void put_image(struct json_writer *w, const struct du_image *image)
{
	json_object(w);
	json_kv_string(w, "name", image->name);
	json_kv_string(w, "digest", image->digest);
	json_kv_i64(w, "size", (int64_t)image->size);
	json_kv_i64(w, "shared", (int64_t)image->shared);
	json_kv_i64(w, "unique", (int64_t)(image->size - image->shared));
	json_kv_i64(w, "unpacked", (int64_t)image->unpacked);
	json_object_end(w);
}

static int print_json(const struct du *du, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = ROWS_MAX };
	struct json_writer w = { .out = &out, .indent = 2 };

	json_object(&w);
	json_key(&w, "images");
	json_array(&w);
	for (size_t i = 0; i < du->n; i++)
		put_image(&w, &du->images[i]);
	json_array_end(&w);
	put_sum(&w, "blobs", &du->blobs);
	put_sum(&w, "snapshots", &du->snapshots);
	put_sum(&w, "partials", &du->partials);
	put_sum(&w, "buildSteps", &du->builds);
	if (du->counted)
		json_kv_i64(&w, "reclaimable", (int64_t)du->garbage.bytes);
	json_object_end(&w);
	strbuf_addc(&out, '\n');
	return output_write(strbuf_str(&out), out.len, e);
}

static int run(const void *global, void *values, char *const *args UNUSED, int n UNUSED,
	       struct err *e)
{
	const struct du_values *v = values;
	auto_(store) struct store *s = NULL;
	auto_(du) struct du du = { 0 };
	int r = v->format ? rows_check(v->format, e) : 0;

	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &s, e);
	if (r >= 0)
		r = du_count(s, &du, e);
	if (r < 0)
		return r;
	if (v->json)
		return print_json(&du, e);
	r = print_table(v, &du, e);
	return r < 0 || v->format ? r : print_sums(&du, e);
}

const struct verb verb_du = {
	.name = "du",
	.summary = "show what the store takes of the disk",
	.details = "SIZE is that of an image's blobs as they travel; SHARED is what other images "
		   "have as well; UNPACKED the content of its snapshots.",
	.opts = du_opts,
	.opts_size = sizeof(struct du_values),
	.min_args = 0,
	.max_args = 0,
	.stop_after = -1,
	.run = run,
};
