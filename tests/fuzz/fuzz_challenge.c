/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registry writes into headers: the input is a list of header lines.  Whatever they say,
 * counts stay in their bounds, and a challenge that was understood is understood again when it is
 * written out.
 */
#include <stdint.h>
#include <stdlib.h>

#include "imagetool/registry/challenge.h"
#include "imagetool/registry/http_header.h"
#include "imagetool/registry/scope.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_quoted(struct strbuf *out, const char *text)
{
	strbuf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *text);
	}
	strbuf_addc(out, '"');
}

static void write_out(const struct challenges *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct challenge *c = &list->items[i];

		strbuf_addf(out, ", %s ", c->scheme);
		for (size_t p = 0; p < c->n_params; p++) {
			strbuf_addf(out, "%s%s=", p ? "," : "", c->params[p].name);
			add_quoted(out, c->params[p].value);
		}
	}
}

static void compare(const struct challenges *a, const struct challenges *b)
{
	if (a->n != b->n)
		abort();
	for (size_t i = 0; i < a->n; i++) {
		const struct challenge *x = &a->items[i], *y = &b->items[i];

		if (!streq(x->scheme, y->scheme) || x->n_params != y->n_params)
			abort();
		for (size_t p = 0; p < x->n_params; p++) {
			if (!streq(x->params[p].name, y->params[p].name) ||
			    !streq(x->params[p].value, y->params[p].value))
				abort();
		}
	}
}

static void check_challenge(const char *value)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct challenges list = { .n = 0 }, again = { .n = 0 };

	if (challenge_parse(value, &a, &list, NULL) < 0 || list.n > CHALLENGES_MAX) {
		if (list.n != 0)
			abort();
		return;
	}
	write_out(&list, &text);
	/* Escapes make it longer; beyond the limit it is refused, which is fine. */
	if (text.len > CHALLENGE_TEXT_MAX)
		return;
	if (challenge_parse(strbuf_str(&text), &a, &again, NULL) < 0)
		abort();
	compare(&list, &again);
}

/* What a token is asked for becomes part of an URL; adding it again changes nothing. */
static void check_scopes(const char *text)
{
	auto_(scopes) struct scopes once = { 0 }, twice = { 0 };

	scopes_add_text(&once, text);
	scopes_add_text(&twice, text);
	scopes_add_text(&twice, text);
	if (once.list.n > SCOPE_MAX || once.list.n != twice.list.n ||
	    !scopes_cover(&once, &twice) || !scopes_cover(&twice, &once))
		abort();
}

static void check_url(const char *text)
{
	struct url url;

	if (url_parse(text, &url, NULL) == 0 && strpbrk(url.host, " /@?#\r\n"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer answer = { 0 };
	const char *p = (const char *)data;
	int64_t start;

	while (size > 0) {
		const char *end = memchr(p, '\n', size);
		size_t len = end ? (size_t)(end - p) + 1 : size;

		http_header_line(&answer, p, len);
		p += len;
		size -= len;
	}
	for (size_t i = 0; i < answer.challenges.n; i++) {
		check_challenge(answer.challenges.v[i]);
		check_scopes(answer.challenges.v[i]);
	}
	if (answer.location)
		check_url(answer.location);
	if (http_range_start(answer.content_range, &start) == 0 && start < 0)
		abort();
	http_header_reset(&answer);
	return 0;
}
