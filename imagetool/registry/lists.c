/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of a repository, page by page. */
#include "imagetool/registry/lists.h"

#include <errno.h>
#include <inttypes.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_header.h"
#include "imagetool/registry/http_url.h"
#include "imagetool/registry/referrers_tag.h"
#include "imagetool/registry/session.h"
#include "imagetool/registry/url.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

/* Of one page, and of all: a list has an end. */
#define PAGE_MAX  ((size_t)8 << 20)
#define PAGES_MAX 4096
#define LIST_MAX  ((size_t)64 << 20)
#define ITEMS_MAX ((size_t)1 << 20)

/* ---- Pages ---- */

/* Takes what is in one page: 1 to go on, 0 when it is enough. */
typedef int page_fn(void *ctx, const struct http_answer *a, const struct strbuf *body,
		    struct err *e);

/* Where the next page is, NULL after the last.  Lists do not move to other hosts. */
static int next_page(const struct registry *r, const struct http_answer *a, char **url,
		     struct err *e)
{
	autofree char *link = http_link_next(&a->links);
	autofree char *next = NULL;
	int n;

	if (!link) {
		free(*url);
		*url = NULL;
		return 0;
	}
	n = http_resolve(r->http, a->url ? a->url : *url, link, &next, e);
	if (n < 0)
		return err_wrap(e, n, "next page");
	if (!session_owns_url(r, next) || streq(next, *url))
		return err_set(e, IMAGE_EREGISTRY,
			       "the next page of the list is said to be '%.200s': refused", next);
	free(*url);
	*url = steal_ptr(&next);
	return 0;
}

/* Takes `url`. */
static int walk_pages(struct registry *r, char *url, const char *accept, page_fn *take, void *ctx,
		      struct err *e)
{
	size_t total = 0;
	int n = 1;

	for (int i = 0; url && n > 0; i++) {
		const struct registry_request request = { .url = url,
							  .accept = accept,
							  .max = PAGE_MAX };
		auto_(http_transfer) struct http_transfer t = { 0 };
		auto_(strbuf) struct strbuf body = { 0 };

		n = i < PAGES_MAX ? session_request(r, &request, &t, &body, e)
				  : err_set(e, IMAGE_EREGISTRY, "the list has more than %d pages",
					    PAGES_MAX);
		total += body.len;
		if (n >= 0 && total > LIST_MAX)
			n = err_set(e, IMAGE_EREGISTRY, "the list is longer than %zu MiB",
				    LIST_MAX >> 20);
		if (n >= 0)
			n = take(ctx, &t.answer, &body, e);
		if (n > 0 && next_page(r, &t.answer, &url, e) < 0)
			n = -IMAGE_EREGISTRY;
	}
	free(url);
	return n < 0 ? n : 0;
}

/* ---- Tags ---- */

struct tags {
	struct registry *registry;
	const struct tags_opts *opts;
	struct strv *ret;
};

static int take_tag(struct tags *t, const char *tag, struct err *e)
{
	if (!tag || !reference_is_tag(tag))
		return err_set(e, IMAGE_EREGISTRY, "the registry lists '%.130s', which is no tag",
			       tag ? tag : "");
	if (t->ret->n >= ITEMS_MAX)
		return err_set(e, IMAGE_EREGISTRY, "there are more than %zu tags", ITEMS_MAX);
	strv_add(t->ret, tag);
	return t->opts->max == 0 || t->ret->n < t->opts->max;
}

static int take_tags(void *ctx, const struct http_answer *a, const struct strbuf *body,
		     struct err *e)
{
	auto_(arena) struct arena arena = { 0 };
	struct tags *t = ctx;
	const struct json *list;
	struct json *doc;
	int n;

	if (a->status != 200)
		return session_status_error(t->registry, a, e);
	if (session_is_web_page(a))
		return session_web_page_error(t->registry, e);
	n = json_parse("list of tags", strbuf_str(body), body->len, &arena, &doc, e);
	if (n < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "what the registry sent");
	list = json_get(doc, "tags");
	/* null is how some say that there is none. */
	n = 1;
	for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->len && n > 0; i++)
		n = take_tag(t, list->items[i].kind == JSON_STRING ? list->items[i].string : NULL,
			     e);
	return n;
}

int registry_tags(struct registry *r, const struct tags_opts *opts, struct strv *ret, struct err *e)
{
	struct tags tags = { .registry = r, .opts = opts, .ret = ret };
	autofree char *text = session_url(r, "tags/list");
	auto_(strbuf) struct strbuf url = { 0 };
	char number[24];
	int n;

	strbuf_adds(&url, text);
	if (opts->max > 0) {
		(void)snprintf(number, sizeof(number), "%zu", opts->max);
		url_add_query(&url, "n", number);
	}
	if (opts->last)
		url_add_query(&url, "last", opts->last);
	n = walk_pages(r, strbuf_steal(&url), NULL, take_tags, &tags, e);
	return n < 0 ? err_wrap(e, n, "tags of '%s/%s'", r->host, r->repository) : 0;
}

/* ---- Referrers ---- */

struct referrer_walk {
	struct registry *registry;
	const char *digest, *type;
	struct referrers *ret;
	size_t cap;
	bool unknown; /* the registry has no such list */
};

void referrers_done(struct referrers *r)
{
	free(r->items);
	arena_done(&r->arena);
	*r = (struct referrers){ 0 };
}

/* A registry may have filtered, or not; a list in a tag is of all. */
static int take_index(struct referrer_walk *w, const char *text, size_t len, struct err *e)
{
	const struct image_descriptor *all;
	struct image_index *index;
	int n = image_index_decode("list of referrers", text, len, &w->ret->arena, &index, e);

	if (n < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "what the registry sent");
	all = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++) {
		if (w->type && (!all[i].artifact_type || !streq(all[i].artifact_type, w->type)))
			continue;
		if (w->ret->n >= ITEMS_MAX)
			return err_set(e, IMAGE_EREGISTRY, "there are more than %zu referrers",
				       ITEMS_MAX);
		if (w->ret->n == w->cap) {
			w->cap = w->cap ? 2 * w->cap : 16;
			w->ret->items = xreallocarray(w->ret->items, w->cap, sizeof(*all));
		}
		w->ret->items[w->ret->n++] = all[i];
	}
	return 1;
}

static int take_referrers(void *ctx, const struct http_answer *a, const struct strbuf *body,
			  struct err *e)
{
	struct referrer_walk *w = ctx;

	if (a->status == 401 || a->status == 403 || a->status == 429 || a->status >= 500)
		return session_status_error(w->registry, a, e);
	if (a->status != 200 || session_is_web_page(a)) {
		w->unknown = true;
		return 0;
	}
	return take_index(w, strbuf_str(body), body->len, e);
}

static int from_tag(struct referrer_walk *w, struct err *e)
{
	auto_(registry_document) struct registry_document d = { 0 };
	char tag[REFERRERS_TAG_SIZE];
	int n;

	referrers_tag_name(w->digest, tag);
	w->ret->fallback = true;
	n = registry_get_manifest(w->registry, tag, NULL, &d, e);
	if (n == -IMAGE_ENOTFOUND) {
		err_clear(e);
		return 0;
	}
	/* An artifact or image may bear such a tag: cosign's signatures once had similar ones. */
	if (n < 0 || media_type_parse(d.media_type, NULL, NULL) != MEDIA_INDEX)
		return n;
	n = take_index(w, d.text, d.len, e);
	return n < 0 ? n : 0;
}

int registry_referrers(struct registry *r, const char *digest, const char *artifact_type,
		       struct referrers *ret, struct err *e)
{
	struct referrer_walk w = {
		.registry = r, .digest = digest, .type = artifact_type, .ret = ret
	};
	autofree char *text = session_url(r, "referrers/%s", digest);
	auto_(strbuf) struct strbuf url = { 0 };
	int n;

	strbuf_adds(&url, text);
	if (artifact_type)
		url_add_query(&url, "artifactType", artifact_type);
	n = walk_pages(r, strbuf_steal(&url), "Accept: " MEDIA_OCI_INDEX, take_referrers, &w, e);
	if (n >= 0 && w.unknown)
		n = from_tag(&w, e);
	return n < 0 ? err_wrap(e, n, "referrers of '%s'", digest) : 0;
}
