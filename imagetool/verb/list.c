/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/verb/list_rows.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"

struct list_values {
	bool json, quiet, names, digests, no_trunc, all;
	const char *format;
	struct strv filters;
	int sort; /* enum list_order */
};

static const char *const orders[] = { "stored", "created", "name", "repository", "size", NULL };
static const enum list_order order_of[] = { LIST_AS_STORED, LIST_BY_CREATED, LIST_BY_NAME,
					    LIST_BY_NAME, LIST_BY_SIZE };

static const struct opt list_opts[] = {
	{ .letter = 'f',
	  .name = "filter",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct list_values, filters),
	  .arg = "NAME=VALUE",
	  .help = "only images of which this is true: reference=PATTERN, label=KEY[=VALUE], "
		  "before=IMAGE, since=IMAGE, dangling=BOOL" },
	{ .name = "format",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct list_values, format),
	  .arg = "FORMAT",
	  .help = "json, table, 'table TEMPLATE', or a template for each image" },
	{ .name = "sort",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct list_values, sort),
	  .arg = "ORDER",
	  .choices = orders,
	  .help = "stored (the default), created (newest first), name, size (largest first)" },
	/* There are no others: what builds keep is no image. */
	{ .letter = 'a',
	  .name = "all",
	  .kind = OPT_FLAG,
	  .bits = OPT_HIDDEN,
	  .offset = offsetof(struct list_values, all) },
	JSON_OPT_ROW(offsetof(struct list_values, json), "print an array of objects"),
	QUIET_OPT_ROW(offsetof(struct list_values, quiet), "print the digests and nothing else"),
	{ .name = "names",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, names),
	  .help = "print the names and nothing else; those that are no references are left out" },
	{ .name = "digests",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, digests),
	  .help = "print digests in full" },
	{ .name = "no-trunc",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, no_trunc),
	  .help = "cut nothing off" },
	OPT_END,
};

static const struct rows_column columns[] = {
	{ .title = "NAME", .key = "Name" },
	{ .title = "DIGEST", .key = "Digest" },
	{ .title = "PLATFORM", .key = "Platform" },
	{ .title = "SIZE", .key = "Size" },
	{ .title = "CREATED", .key = "Created" },
	{ .title = "IMAGE ID", .key = "ID", .hidden = true },
	{ .title = "REPOSITORY", .key = "Repository", .hidden = true },
	{ .title = "TAG", .key = "Tag", .hidden = true },
	{ .title = "CREATED AT", .key = "CreatedAt", .hidden = true },
	{ .title = "CREATED", .key = "CreatedSince", .hidden = true },
	{ .title = "MEDIA TYPE", .key = "MediaType", .hidden = true },
	{ 0 },
};

/* ---- Rows ---- */

/* "2026-11-22 08:15" of an RFC 3339 time; what is none is shown as it is. */
static void short_time(const char *created, char buf[TIME_TEXT_SIZE])
{
	struct timespec t;

	if (created && parse_time(created, &t) == 0) {
		char full[TIME_TEXT_SIZE];

		(void)snprintf(buf, TIME_TEXT_SIZE, "%.10s %.5s", time_text(t, full), full + 11);
		return;
	}
	(void)snprintf(buf, TIME_TEXT_SIZE, "-");
}

static void put_name(const struct list_row *row, struct json_writer *w)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *repository = NULL;

	json_kv_string(w, "Name", row->name[0] ? row->name : "<none>");
	if (!row->name[0] || reference_parse(row->name, &ref, NULL) < 0) {
		json_kv_string(w, "Repository", row->name[0] ? row->name : "<none>");
		json_kv_string(w, "Tag", "<none>");
		return;
	}
	json_kv_string(w, "Tag", ref.tag ? ref.tag : "<none>");
	free(ref.tag);
	free(ref.digest);
	ref.tag = ref.digest = NULL;
	repository = reference_familiar(&ref);
	json_kv_string(w, "Repository", repository);
}

static void put_row(const struct list_values *v, const struct list_row *row, struct json_writer *w)
{
	char digest[HUMAN_DIGEST], id[HUMAN_DIGEST], size[HUMAN_SIZE], created[TIME_TEXT_SIZE];
	char since[ROWS_SINCE_SIZE];
	bool whole = v->digests || v->no_trunc || v->format;

	short_time(row->created, created);
	json_object(w);
	put_name(row, w);
	json_kv_string(w, "Digest", whole ? row->digest : human_digest(row->digest, digest));
	json_kv_string(w, "ID", !row->id ? "" : v->no_trunc ? row->id : human_digest(row->id, id));
	json_kv_string(w, "Platform", row->platform[0] ? row->platform : "-");
	json_kv_string(w, "Size", row->size < 0 ? "-" : human_size((uint64_t)row->size, size));
	json_kv_string(w, "Created", created);
	json_kv_string(w, "CreatedAt", row->created ? row->created : "");
	json_kv_string(w, "CreatedSince", rows_since(row->created, since));
	json_kv_string(w, "MediaType", row->desc->media_type ? row->desc->media_type : "");
	json_object_end(w);
}

static void put_json_row(const struct list_row *row, struct json_writer *w)
{
	json_object(w);
	json_kv_string(w, "name", row->name);
	json_kv_string(w, "digest", row->digest);
	if (row->id)
		json_kv_string(w, "id", row->id);
	if (row->desc->media_type)
		json_kv_string(w, "mediaType", row->desc->media_type);
	if (row->platform[0])
		json_kv_string(w, "platform", row->platform);
	if (row->size >= 0)
		json_kv_i64(w, "size", row->size);
	if (row->created)
		json_kv_string(w, "created", row->created);
	json_object_end(w);
}

static int print_rows(const struct list_values *v, const struct list_rows *rows, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = ROWS_MAX };
	struct json_writer w = { .out = &text, .indent = v->json ? 2 : 0 };
	int r;

	json_array(&w);
	for (size_t i = 0; i < rows->n; i++) {
		if (v->json)
			put_json_row(&rows->items[i], &w);
		else
			put_row(v, &rows->items[i], &w);
	}
	json_array_end(&w);
	if (!v->json)
		return rows_print(&text, columns, v->format, e);
	strbuf_addc(&text, '\n');
	r = strbuf_check(&text, "list of images", e);
	return r < 0 ? r : output_write(strbuf_str(&text), text.len, e);
}

/* ---- One word a line ---- */

/*
 * Any text can stand in the index.json of a layout that somebody else made, and the shell's
 * completion expands the words it gets, "$(command)" too: only what a reference may consist of goes
 * there.
 */
static bool is_harmless(const char *name)
{
	static const char legal[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:/@+[]";

	return name[0] != '\0' && name[strspn(name, legal)] == '\0';
}

static int print_words(const struct list_values *v, const struct list_rows *rows, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = ROWS_MAX };
	int r;

	for (size_t i = 0; i < rows->n; i++) {
		const struct list_row *row = &rows->items[i];

		if (!v->names)
			strbuf_addf(&text, "%s\n", row->digest);
		else if (is_harmless(row->name))
			strbuf_addf(&text, "%s\n", row->name);
	}
	r = strbuf_check(&text, "list of images", e);
	return r < 0 ? r : output_write(strbuf_str(&text), text.len, e);
}

/* ---- The verb ---- */

static int read_filters(const struct list_values *v, const char *reference, struct list_filters *f,
			struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < v->filters.n && r >= 0; i++)
		r = list_filter_parse(f, v->filters.v[i], e);
	if (reference)
		strv_add(&f->references, reference);
	return r;
}

static int list_store(const struct store *s, const struct list_values *v,
		      const struct list_filters *f, struct err *e)
{
	auto_(list_rows) struct list_rows rows = { 0 };
	bool words = v->quiet || v->names;
	bool shallow = words && v->sort == LIST_AS_STORED && list_filters_shallow(f);
	int r = s ? list_rows_read(s, shallow, &rows, e) : 0;

	if (r >= 0 && s)
		r = list_filter(s, &rows, f, e);
	if (r < 0)
		return r;
	list_sort(&rows, order_of[v->sort]);
	return words ? print_words(v, &rows, e) : print_rows(v, &rows, e);
}

static int list_run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct image_globals *g = global;
	const struct list_values *v = values;
	auto_(store) struct store *store = NULL;
	struct list_filters filters = { 0 };
	int r;

	if (v->json + v->quiet + v->names + (v->format != NULL) > 1)
		return err_set(e, IMAGE_EUSAGE,
			       "--json, --format, --quiet and --names exclude one another");
	r = rows_check(v->format, e);
	if (r >= 0)
		r = read_filters(v, n ? args[0] : NULL, &filters, e);
	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &store, e);
	/* Before the first pull there are no images; a store that was named must be there. */
	if (r == -IMAGE_ENOTFOUND && !g->store) {
		err_clear(e);
		r = 0;
	}
	if (r >= 0)
		r = list_store(store, v, &filters, e);
	list_filters_done(&filters);
	return r;
}

const struct verb verb_list = {
	.name = "list",
	.alias = "ls|images",
	.args = "[REFERENCE]",
	.summary = "show the images of the store",
	.details = "SIZE is that of the config and the layers as they are stored, compressed.  "
		   "REFERENCE may hold * and ?, which do not match slashes.",
	.opts = list_opts,
	.opts_size = sizeof(struct list_values),
	.min_args = 0,
	.max_args = 1,
	.stop_after = -1,
	.run = list_run,
};
