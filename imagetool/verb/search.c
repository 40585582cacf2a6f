/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/search.h"
#include "imagetool/errors.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/program.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/output.h"
#include "imagetool/verb/registry_flags.h"
#include "imagetool/verb/rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"
#include "libutil/strv.h"

#define DESCRIPTION_WIDTH 45

struct values {
	const char *format;
	uint32_t limit;
	struct strv filters;
	bool no_trunc, json;
	struct registry_flags registry;
};

static const struct opt opts[] = {
	{ .letter = 'f',
	  .name = "filter",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct values, filters),
	  .arg = "NAME=VALUE",
	  .help = "only what has this: stars=N (at least), is-official=BOOL, is-automated=BOOL" },
	{ .name = "format",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, format),
	  .arg = "FORMAT",
	  .help = "json, table, 'table TEMPLATE', or a template for each line" },
	{ .name = "limit",
	  .kind = OPT_U32,
	  .offset = offsetof(struct values, limit),
	  .arg = "N",
	  .help = "so many at most, up to 100 (25)" },
	{ .name = "no-trunc",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, no_trunc),
	  .help = "cut nothing off" },
	JSON_OPT_ROW(offsetof(struct values, json), "print an array of objects"),
	REGISTRY_OPT_ROWS(offsetof(struct values, registry)),
	OPT_END,
};

static void defaults(void *values)
{
	struct values *v = values;

	v->limit = 25;
	registry_flags_defaults(&v->registry);
}

static const struct rows_column columns[] = {
	{ .title = "NAME", .key = "Name" },
	{ .title = "DESCRIPTION", .key = "Description" },
	{ .title = "STARS", .key = "StarCount" },
	{ .title = "OFFICIAL", .key = "IsOfficial" },
	{ .title = "AUTOMATED", .key = "IsAutomated", .hidden = true },
	{ .title = "PULLS", .key = "PullCount", .hidden = true },
	{ 0 },
};

/* ---- Filters ---- */

struct wanted {
	int64_t stars;
	int official, automated; /* -1: either */
};

static int read_filter(struct wanted *w, const char *text, struct err *e)
{
	static const char stars[] = "stars=", official[] = "is-official=",
			  automated[] = "is-automated=";
	bool yes;

	if (starts_with(text, stars) && parse_i64(text + strlen(stars), &w->stars) >= 0)
		return 0;
	if (starts_with(text, official) && parse_bool(text + strlen(official), &yes) >= 0) {
		w->official = yes;
		return 0;
	}
	if (starts_with(text, automated) && parse_bool(text + strlen(automated), &yes) >= 0) {
		w->automated = yes;
		return 0;
	}
	return err_set(e, IMAGE_EUSAGE,
		       "--filter: '%s' is not known: stars=N, is-official=BOOL and "
		       "is-automated=BOOL are",
		       text);
}

static bool passes(const struct wanted *w, const struct search_hit *h)
{
	return h->stars >= w->stars && (w->official < 0 || w->official == h->official) &&
	       (w->automated < 0 || w->automated == h->automated);
}

/* ---- Output ---- */

static void put_hit(const struct values *v, const char *host, const struct search_hit *h,
		    struct json_writer *w)
{
	autofree char *name =
		streq(host, "docker.io") ? xstrdup(h->name) : xasprintf("%s/%s", host, h->name);
	size_t len = strlen(h->description);
	autofree char *text = NULL;
	const char *more = "";

	if (!v->no_trunc && !v->json && len > DESCRIPTION_WIDTH) {
		len = DESCRIPTION_WIDTH - 1;
		/* Not in the middle of a character. */
		while (len && ((unsigned char)h->description[len] & 0xc0) == 0x80)
			len--;
		more = "…";
	}
	text = xasprintf("%.*s%s", (int)len, h->description, more);
	json_object(w);
	json_kv_string(w, "Name", name);
	json_kv_string(w, "Description", text);
	json_kv_i64(w, "StarCount", h->stars);
	json_kv_string(w, "IsOfficial", h->official ? "[OK]" : "");
	json_kv_string(w, "IsAutomated", h->automated ? "[OK]" : "");
	json_kv_i64(w, "PullCount", h->pulls < 0 ? 0 : h->pulls);
	json_object_end(w);
}

static int print(const struct values *v, const char *host, const struct search_hits *hits,
		 const struct wanted *wanted, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = ROWS_MAX };
	struct json_writer w = { .out = &text, .indent = v->json ? 2 : 0 };
	int r;

	json_array(&w);
	for (size_t i = 0; i < hits->n; i++)
		if (passes(wanted, &hits->items[i]))
			put_hit(v, host, &hits->items[i], &w);
	json_array_end(&w);
	if (!v->json)
		return rows_print(&text, columns, v->format, e);
	strbuf_addc(&text, '\n');
	r = strbuf_check(&text, "result", e);
	return r < 0 ? r : output_write(strbuf_str(&text), text.len, e);
}

/* ---- The verb ---- */

/* "HOST/word": the host only where it looks like one, as in references. */
static int split(const char *text, struct image_reference *ref, const char **word, struct err *e)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : 0;
	bool host = slash && (memchr(text, '.', len) || memchr(text, ':', len) ||
			      (len == strlen("localhost") && starts_with(text, "localhost")));

	*word = host ? slash + 1 : text;
	if (!**word)
		return err_set(e, IMAGE_EUSAGE, "'%s' has no word to look for", text);
	ref->registry = host ? xstrndup(text, len) : xstrdup("docker.io");
	ref->repository = xstrdup("search");
	return 0;
}

static int search(struct values *v, const char *text, const struct wanted *wanted, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	auto_(registry) struct registry *registry = NULL;
	auto_(search_hits) struct search_hits hits = { 0 };
	struct registry_opts options;
	const char *word;
	int r = split(text, &ref, &word, e);

	if (r >= 0)
		r = registry_flags_opts(&v->registry, -1, &options, e);
	if (r >= 0)
		r = registry_open(&ref, &options, &registry, e);
	if (r >= 0)
		r = registry_search(registry, word, v->limit, &hits, e);
	return r < 0 ? r : print(v, ref.registry, &hits, wanted, e);
}

static int run(const void *global UNUSED, void *values, char *const *args, int n UNUSED,
	       struct err *e)
{
	struct values *v = values;
	struct wanted wanted = { .official = -1, .automated = -1 };
	int r = rows_check(v->format, e);

	if (r >= 0 && (v->limit == 0 || v->limit > SEARCH_LIMIT_MAX))
		return err_set(e, IMAGE_EUSAGE, "--limit: 1 to %d", SEARCH_LIMIT_MAX);
	for (size_t i = 0; i < v->filters.n && r >= 0; i++)
		r = read_filter(&wanted, v->filters.v[i], e);
	if (r >= 0)
		r = search(v, args[0], &wanted, e);
	return r < 0 ? err_wrap(e, r, "search '%s'", args[0]) : 0;
}

const struct verb verb_search = {
	.name = "search",
	.args = "[REGISTRY/]WORD",
	.summary = "look for images in a registry",
	.details =
		"Without REGISTRY on Docker Hub.  A registry without a search of its own is asked for "
		"the list of its repositories.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
