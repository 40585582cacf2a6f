/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/errors.h"
#include "imagetool/human.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/describe.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/registry_flags.h"
#include "imagetool/verb/rows.h"
#include "imagetool/verb/verbs.h"

#define BY_WIDTH 45

struct values {
	const char *platform, *format;
	bool no_trunc, quiet, human, json;
	struct registry_flags registry;
};

static const struct opt opts[] = {
	{ .name = "format",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, format),
	  .arg = "FORMAT",
	  .help = "json, table, 'table TEMPLATE', or a template for each line" },
	{ .letter = 'H',
	  .name = "human",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, human),
	  .help = "sizes and times for people (the default; --human=false: bytes and times)" },
	{ .name = "no-trunc",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, no_trunc),
	  .help = "cut nothing off" },
	QUIET_OPT_ROW(offsetof(struct values, quiet),
		      "print the digests of the layers and nothing else"),
	JSON_OPT_ROW(offsetof(struct values, json), "print an array of objects"),
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "which image of an index; by default the one for this machine" },
	REGISTRY_OPT_ROWS(offsetof(struct values, registry)),
	OPT_END,
};

static void defaults(void *values)
{
	struct values *v = values;

	v->human = true;
	registry_flags_defaults(&v->registry);
}

static const struct rows_column columns[] = {
	{ .title = "IMAGE", .key = "ID" },
	{ .title = "CREATED", .key = "CreatedSince" },
	{ .title = "CREATED AT", .key = "CreatedAt", .hidden = true },
	{ .title = "CREATED BY", .key = "CreatedBy" },
	{ .title = "SIZE", .key = "Size" },
	{ .title = "COMMENT", .key = "Comment" },
	{ .title = "LAYER", .key = "Layer", .hidden = true },
	{ .title = "DIFF ID", .key = "DiffID", .hidden = true },
	{ 0 },
};

/* One step, newest first; `layer` NULL: it made none. */
struct step {
	const struct image_history *history; /* NULL: the config tells less than the manifest */
	const struct image_descriptor *layer;
	const char *diff_id;
	const char *id; /* of the image, for the newest; or NULL */
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* Shells' part of a command says little. */
static char *made_by(const struct step *s, bool whole)
{
	static const char shell[] = "/bin/sh -c #(nop) ";
	const char *by = s->history ? or_empty(s->history->created_by) : "";
	char *text;

	if (!whole && starts_with(by, shell))
		by += strlen(shell);
	by += whole ? 0 : strspn(by, " ");
	text = xasprintf("%s", by);
	if (!whole && strlen(text) > BY_WIDTH) {
		/* Not in the middle of a character. */
		size_t at = BY_WIDTH - 1;

		while (at && ((unsigned char)text[at] & 0xc0) == 0x80)
			at--;
		(void)snprintf(text + at, strlen(text) - at, "%s", "…");
	}
	return text;
}

static void put_step(const struct values *v, const struct step *s, struct json_writer *w)
{
	char id[HUMAN_DIGEST], since[ROWS_SINCE_SIZE], size_text[HUMAN_SIZE];
	int64_t size = s->layer ? s->layer->size.v : 0;
	const char *created = s->history ? s->history->created : NULL;
	autofree char *by = made_by(s, v->no_trunc || v->json);

	json_object(w);
	json_kv_string(w, "ID",
		       !s->id                   ? "<missing>"
		       : v->no_trunc || v->json ? s->id
						: human_digest(s->id, id));
	json_kv_string(w, "CreatedAt", or_empty(created));
	json_kv_string(w, "CreatedSince",
		       v->human ? rows_since(created, since) : or_empty(created));
	json_kv_string(w, "CreatedBy", by);
	if (v->human && !v->json)
		json_kv_string(w, "Size", human_size((uint64_t)size, size_text));
	else
		json_kv_i64(w, "Size", size);
	json_kv_string(w, "Comment", s->history ? or_empty(s->history->comment) : "");
	json_kv_string(w, "Layer", s->layer ? s->layer->digest : "");
	json_kv_string(w, "DiffID", or_empty(s->diff_id));
	json_object_end(w);
}

/* Entries of the history and layers, side by side; 0 steps when they do not fit together. */
static size_t match(const struct described *d, struct step *steps)
{
	const struct image_history *history = d->config->history.items;
	const struct image_descriptor *layers = d->doc->layers.items;
	size_t n = d->config->history.n, made = 0;

	for (size_t i = 0; i < n; i++) {
		steps[i] = (struct step){ .history = &history[i] };
		if (history[i].empty_layer.set && history[i].empty_layer.v)
			continue;
		if (made == d->doc->layers.n)
			return 0;
		steps[i].layer = &layers[made];
		if (d->config->rootfs && made < d->config->rootfs->diff_ids.n)
			steps[i].diff_id = d->config->rootfs->diff_ids.items[made];
		made++;
	}
	return made == d->doc->layers.n ? n : 0;
}

/* Tools that squash, and artifacts, leave layers without a history. */
static size_t layers_only(const struct described *d, struct step *steps)
{
	const struct image_descriptor *layers = d->doc->layers.items;

	for (size_t i = 0; i < d->doc->layers.n; i++)
		steps[i] = (struct step){ .layer = &layers[i] };
	return d->doc->layers.n;
}

static void put_steps(const struct values *v, const struct described *d, struct json_writer *w)
{
	size_t entries = d->config ? d->config->history.n : 0;
	autofree struct step *steps = xcalloc(entries + d->doc->layers.n + 1, sizeof(*steps));
	size_t n = entries ? match(d, steps) : 0;

	if (!n)
		n = layers_only(d, steps);
	if (n)
		steps[n - 1].id = d->doc->config->digest;
	json_array(w);
	while (n-- > 0)
		put_step(v, &steps[n], w);
	json_array_end(w);
}

static int print(const struct values *v, const struct described *d, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = ROWS_MAX };
	struct json_writer w = { .out = &text, .indent = v->json ? 2 : 0 };
	int r;

	put_steps(v, d, &w);
	if (!v->json)
		return rows_print(&text, columns, v->quiet ? "{{.Layer}}" : v->format, e);
	strbuf_addc(&text, '\n');
	r = strbuf_check(&text, "history", e);
	return r < 0 ? r : output_write(strbuf_str(&text), text.len, e);
}

static int show(const struct values *v, const struct place *p, const struct place_opts *places,
		struct err *e)
{
	auto_(image_source) struct image_source *source = NULL;
	auto_(described) struct described d = { 0 };
	struct platform platform;
	int r = v->platform ? platform_of_option(v->platform, &platform, e) : 0;

	if (r >= 0)
		r = source_open(p, places, &source, e);
	if (r >= 0)
		r = describe_read(source, v->platform ? &platform : NULL, &d, e);
	return r < 0 ? r : print(v, &d, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	struct values *v = values;
	auto_(store) struct store *store = NULL;
	auto_(place) struct place p = { 0 };
	struct place_opts places = { 0 };
	int r = rows_check(v->format, e);

	if (r >= 0)
		r = argument_place(args[0], &p, e);
	if (r >= 0)
		r = registry_flags_opts(&v->registry, -1, &places.registry, e);
	if (r >= 0 && p.kind == PLACE_STORE)
		r = globals_open_store(global, STORE_READ, &store, e);
	places.store = store;
	if (r >= 0)
		r = show(v, &p, &places, e);
	return r < 0 ? err_wrap(e, r, "history of '%s'", args[0]) : 0;
}

const struct verb verb_history = {
	.name = "history",
	.args = "IMAGE",
	.summary = "show the steps an image was made by",
	.details =
		"Newest first.  IMAGE is one of the store, or any place that `copy` knows; from a "
		"registry nothing but manifest and config is fetched.  SIZE is that of the layer as it "
		"is stored, compressed.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
