/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/store/image.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"
#include "libutil/json.h"
#include "libutil/parse.h"

struct list_values {
	bool json, quiet, names, digests;
};

static const struct opt list_opts[] = {
	{ .name = "json",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, json),
	  .help = "print an array of objects" },
	{ .letter = 'q',
	  .name = "quiet",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, quiet),
	  .help = "print the digests and nothing else" },
	{ .name = "names",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, names),
	  .help = "print the names and nothing else; those that are no references are left out" },
	{ .name = "digests",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct list_values, digests),
	  .help = "print digests in full" },
	OPT_END,
};

/* ---- What there is to say about one image ---- */

struct row {
	const char *name, *digest, *id; /* id NULL: there is none */
	char platform[PLATFORM_TEXT_SIZE];
	const char *created; /* or NULL */
	int64_t size;        /* of config and layers; -1 when it cannot be known */
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void set_platform(struct row *row, const char *os, const char *arch, const char *variant)
{
	(void)snprintf(row->platform, sizeof(row->platform), "%.31s/%.31s%s%.31s", or_empty(os),
		       or_empty(arch), variant ? "/" : "", or_empty(variant));
}

static int64_t image_size(const struct image_manifest *m)
{
	const struct image_descriptor *layers = m->layers.items;
	int64_t size = m->config ? m->config->size.v : 0;

	/* A foreign manifest may claim any sizes. */
	for (size_t i = 0; i < m->layers.n; i++)
		if (__builtin_add_overflow(size, layers[i].size.v, &size))
			return -1;
	return size;
}

/* An image whose blobs are missing or damaged is listed by what index.json knows. */
static void row_fill(const struct store *s, const struct image_descriptor *desc, struct image *img,
		     struct row *row)
{
	const struct store_image entry = { .name = store_name_of(desc), .desc = desc };

	*row = (struct row){ .name = entry.name, .digest = desc->digest, .size = -1 };
	if (desc->platform)
		set_platform(row, desc->platform->os, desc->platform->architecture,
			     desc->platform->variant);
	if (image_load_entry(s, &entry, NULL, img, NULL) < 0)
		return;
	row->size = image_size(img->manifest);
	row->id = img->manifest->config ? img->manifest->config->digest : NULL;
	if (!img->config)
		return;
	row->created = img->config->created;
	set_platform(row, img->config->os, img->config->architecture, img->config->variant);
}

/* ---- Table ---- */

enum column { COL_NAME, COL_DIGEST, COL_PLATFORM, COL_SIZE, COL_CREATED, COL_COUNT };
static const char *const titles[COL_COUNT] = { "NAME", "DIGEST", "PLATFORM", "SIZE", "CREATED" };

struct table {
	struct strv cells; /* COL_COUNT per row */
	size_t width[COL_COUNT];
};

/* What others wrote into names and platforms must not move the cursor. */
static char *harmless_copy(const char *text)
{
	char *copy = xstrdup(text);

	for (char *p = copy; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	return copy;
}

static void table_add(struct table *t, const char *const cells[COL_COUNT])
{
	for (int i = 0; i < COL_COUNT; i++) {
		size_t len = strlen(cells[i]);

		strv_add_owned(&t->cells, harmless_copy(cells[i]));
		if (len > t->width[i])
			t->width[i] = len;
	}
}

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

static void table_row(struct table *t, const struct row *row, bool digests)
{
	char digest[HUMAN_DIGEST], size[HUMAN_SIZE], created[TIME_TEXT_SIZE];
	const char *cells[COL_COUNT] = {
		[COL_NAME] = row->name[0] ? row->name : "<none>",
		[COL_DIGEST] = digests ? row->digest : human_digest(row->digest, digest),
		[COL_PLATFORM] = row->platform[0] ? row->platform : "-",
		[COL_SIZE] = row->size < 0 ? "-" : human_size((uint64_t)row->size, size),
		[COL_CREATED] = created,
	};

	short_time(row->created, created);
	table_add(t, cells);
}

static void table_print(const struct table *t, struct strbuf *out)
{
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t col = i % COL_COUNT;

		if (col == COL_COUNT - 1)
			strbuf_addf(out, "%s\n", t->cells.v[i]);
		else
			strbuf_addf(out, "%-*s  ", (int)t->width[col], t->cells.v[i]);
	}
}

/* ---- JSON ---- */

static void json_row(struct json_writer *w, const struct image_descriptor *desc,
		     const struct row *row)
{
	json_object(w);
	json_kv_string(w, "name", row->name);
	json_kv_string(w, "digest", row->digest);
	if (row->id)
		json_kv_string(w, "id", row->id);
	if (desc->media_type)
		json_kv_string(w, "mediaType", desc->media_type);
	if (row->platform[0])
		json_kv_string(w, "platform", row->platform);
	if (row->size >= 0)
		json_kv_i64(w, "size", row->size);
	if (row->created)
		json_kv_string(w, "created", row->created);
	json_object_end(w);
}

/* ---- The verb ---- */

struct output {
	const struct list_values *values;
	struct table table;
	struct strbuf text;
	struct json_writer json;
};

/* One word a line, straight from index.json. */
static bool is_plain(const struct list_values *v)
{
	return v->quiet || v->names;
}

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

static void add_plain(struct output *o, const struct image_descriptor *desc)
{
	const char *name = store_name_of(desc);

	if (!o->values->names)
		strbuf_addf(&o->text, "%s\n", desc->digest);
	else if (is_harmless(name))
		strbuf_addf(&o->text, "%s\n", name);
}

static void add_image(const struct store *s, struct output *o, const struct image_descriptor *desc)
{
	auto_(image) struct image img = { 0 };
	struct row row;

	if (is_plain(o->values)) {
		add_plain(o, desc);
		return;
	}
	row_fill(s, desc, &img, &row);
	if (o->values->json)
		json_row(&o->json, desc, &row);
	else
		table_row(&o->table, &row, o->values->digests);
}

static int add_all(const struct store *s, struct output *o, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = store_index(s, &a, &index, e);

	if (r < 0)
		return r;
	entries = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++)
		add_image(s, o, &entries[i]);
	return 0;
}

static int collect(const struct store *s, struct output *o, struct err *e)
{
	const struct list_values *v = o->values;
	int r = 0;

	if (v->json)
		json_array(&o->json);
	else if (!is_plain(v))
		table_add(&o->table, titles);
	if (s)
		r = add_all(s, o, e);
	if (v->json) {
		json_array_end(&o->json);
		strbuf_addc(&o->text, '\n');
	}
	table_print(&o->table, &o->text);
	return r < 0 ? r : strbuf_check(&o->text, "list of images", e);
}

static int list_run(const void *global, void *values, char *const *args UNUSED, int n UNUSED,
		    struct err *e)
{
	const struct image_globals *g = global;
	const struct list_values *v = values;
	struct output o = { .values = values, .text.max = (size_t)256 << 20 };
	auto_(store) struct store *store = NULL;
	int r;

	if (v->json + v->quiet + v->names > 1)
		return err_set(e, EINVAL, "--json, --quiet and --names exclude one another");
	r = globals_open_store(global, STORE_READ, &store, e);
	/* Before the first pull there are no images; a store that was named must be there. */
	if (r == -IMAGE_ENOTFOUND && !g->store)
		err_clear(e);
	else if (r < 0)
		return r;
	o.json = (struct json_writer){ .out = &o.text, .indent = 2 };
	r = collect(store, &o, e);
	if (r >= 0 && (fputs(strbuf_str(&o.text), stdout) == EOF || fflush(stdout) == EOF))
		r = err_sys(e, "write to standard output");
	strbuf_done(&o.text);
	strv_done(&o.table.cells);
	return r;
}

const struct verb verb_list = {
	.name = "list",
	.alias = "ls",
	.args = "",
	.summary = "show the images of the store",
	.details = "SIZE is that of the config and the layers as they are stored, compressed.",
	.opts = list_opts,
	.opts_size = sizeof(struct list_values),
	.min_args = 0,
	.max_args = 0,
	.stop_after = -1,
	.run = list_run,
};
