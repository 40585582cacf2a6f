/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/search.h"

#include <errno.h>
#include <strings.h>

#include "imagetool/errors.h"
#include "imagetool/registry/session.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

#define ANSWER_MAX   ((size_t)8 << 20)
#define HUB          "https://index.docker.io"
#define CATALOG_PAGE "1000"

void search_hits_done(struct search_hits *h)
{
	arena_done(&h->arena);
	*h = (struct search_hits){ 0 };
}

/* ---- Answers ---- */

static const char *text_of(const struct json *v, const char *key, const char *other)
{
	const char *text = json_get_string(v, key);

	if (!text)
		text = json_get_string(v, other);
	return text ? text : "";
}

static int64_t number_of(const struct json *v, const char *key, int64_t missing)
{
	const struct json *n = json_get(v, key);

	return n && n->kind == JSON_NUMBER && n->number.kind == JSON_NUM_I64 ? n->number.i64
									     : missing;
}

static bool flag_of(const struct json *v, const char *key)
{
	const struct json *flag = json_get(v, key);

	return flag && flag->kind == JSON_BOOL && flag->boolean;
}

/* It will be typed again: only what a reference may be. */
static bool is_name(const char *name)
{
	auto_(image_reference) struct image_reference ref = { 0 };

	return reference_parse(name, &ref, NULL) >= 0;
}

static void add_hit(struct search_hits *h, const struct search_hit *hit)
{
	h->items = arena_grow(&h->arena, h->items, h->n, h->n + 1, sizeof(*hit));
	h->items[h->n++] = *hit;
}

static void take_hit(struct search_hits *h, const struct json *v)
{
	const struct search_hit hit = {
		.name = arena_strdup(&h->arena, text_of(v, "name", "repo_name")),
		.description =
			arena_strdup(&h->arena, text_of(v, "description", "short_description")),
		.stars = number_of(v, "star_count", 0),
		.pulls = number_of(v, "pull_count", -1),
		.official = flag_of(v, "is_official"),
		.automated = flag_of(v, "is_automated"),
	};

	if (is_name(hit.name))
		add_hit(h, &hit);
}

int search_parse(const char *text, size_t len, size_t limit, struct search_hits *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct json *results;
	struct json *doc;
	int r = json_parse("answer", text, len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "search");
	results = json_get(doc, "results");
	if (!results || results->kind != JSON_ARRAY)
		return err_set(e, IMAGE_EREGISTRY, "search: the answer has no results");
	for (size_t i = 0; i < results->len && ret->n < limit; i++)
		take_hit(ret, &results->items[i]);
	return 0;
}

static int parse_catalog(const char *text, size_t len, const char *word, size_t limit,
			 struct search_hits *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct json *list;
	struct json *doc;
	int r = json_parse("answer", text, len, &a, &doc, e);

	if (r < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "catalog");
	list = json_get(doc, "repositories");
	for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->len && ret->n < limit;
	     i++) {
		const struct json *name = &list->items[i];
		struct search_hit hit = { .description = "", .pulls = -1 };

		if (name->kind != JSON_STRING || !strcasestr(name->string, word) ||
		    !is_name(name->string))
			continue;
		hit.name = arena_strdup(&ret->arena, name->string);
		add_hit(ret, &hit);
	}
	return 0;
}

/* ---- Questions ---- */

enum form { FORM_V1, FORM_V2, FORM_CATALOG, FORM_COUNT };
static const struct {
	const char *path, *word, *limit; /* names of the query's parts; NULL: it has none */
} forms[FORM_COUNT] = {
	[FORM_V1] = { "/v1/search", "q", "n" },
	[FORM_V2] = { "/v2/search/repositories/", "query", "page_size" },
	[FORM_CATALOG] = { "/v2/_catalog", NULL, "n" },
};

static int ask(struct registry *r, enum form form, const char *word, size_t limit,
	       struct strbuf *ret_body, int *ret_status, struct err *e)
{
	bool hub = streq(r->host, "docker.io");
	auto_(strbuf) struct strbuf url = { .max = URL_MAX };
	auto_(http_transfer) struct http_transfer t = { 0 };
	autofree char *count =
		form == FORM_CATALOG ? xstrdup(CATALOG_PAGE) : xasprintf("%zu", limit);
	struct registry_request request = { .max = ANSWER_MAX };
	int n;

	strbuf_addf(&url, "%s%s", hub ? HUB : r->base, forms[form].path);
	if (forms[form].word)
		url_add_query(&url, forms[form].word, word);
	url_add_query(&url, forms[form].limit, count);
	n = strbuf_check(&url, "URL", e);
	if (n < 0)
		return n;
	request.url = strbuf_str(&url);
	/* Hub's search is another host than its registry, and everybody may use it. */
	request.anonymous = hub;
	n = session_request(r, &request, &t, ret_body, e);
	if (n < 0)
		return n;
	*ret_status = t.answer.status;
	if (t.answer.status == 200 && session_is_web_page(&t.answer))
		*ret_status = 404;
	return t.answer.status == 200 || t.answer.status == 404
		       ? 0
		       : session_status_error(r, &t.answer, e);
}

int registry_search(struct registry *r, const char *word, size_t limit, struct search_hits *ret,
		    struct err *e)
{
	for (int form = 0; form < FORM_COUNT; form++) {
		auto_(strbuf) struct strbuf body = { 0 };
		int status, n = ask(r, (enum form)form, word, limit, &body, &status, e);

		if (n < 0)
			return n;
		if (status != 200)
			continue;
		return form == FORM_CATALOG
			       ? parse_catalog(strbuf_str(&body), body.len, word, limit, ret, e)
			       : search_parse(strbuf_str(&body), body.len, limit, ret, e);
	}
	return err_set(e, IMAGE_ENOTFOUND, "'%s' can't be searched, nor does it list what it has",
		       r->host);
}
