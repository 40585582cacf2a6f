/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bearer tokens, as distribution's docs/spec/auth/token.md describes them.  The
 * token server is named by the registry and may be another host; it is asked
 * without any credentials.
 */
#include <errno.h>
#include <strings.h>

#include "imagetool/errors.h"
#include "imagetool/registry/challenge.h"
#include "imagetool/registry/session.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

#define TOKEN_ANSWER_MAX ((size_t)1 << 20)
#define TOKEN_MAX        ((size_t)64 << 10)

static void parse_all(const struct http_answer *refusal, struct arena *a, struct challenges *list)
{
	/* One header that makes no sense must not hide another that does. */
	for (size_t i = 0; i < refusal->challenges.n; i++)
		(void)challenge_parse(refusal->challenges.v[i], a, list, NULL);
}

/* A token for an https registry comes over https: who can read or change it on the way is the
 * registry. */
static int check_realm(const struct registry *r, const char *realm, struct err *e)
{
	struct url url;
	int n = url_parse(realm, &url, e);

	if (n < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "token server");
	if (url.scheme == URL_HTTP && strncasecmp(r->base, "https:", 6) == 0)
		return err_set(e, IMAGE_EREGISTRY,
			       "token server '%.200s' is not https although '%s' is: refused",
			       realm, r->host);
	return 0;
}

/* What the registry wants for this request, and what the session will want soon. */
static void token_url(const struct registry *r, const struct challenge *c, struct strbuf *out)
{
	auto_(scopes) struct scopes scopes = { 0 };

	scopes_copy(&scopes, &r->wanted);
	if (challenge_get(c, "scope"))
		scopes_add_text(&scopes, challenge_get(c, "scope"));
	strbuf_adds(out, challenge_get(c, "realm"));
	if (challenge_get(c, "service"))
		url_add_query(out, "service", challenge_get(c, "service"));
	for (size_t i = 0; i < scopes.list.n; i++)
		url_add_query(out, "scope", scopes.list.v[i]);
}

/* It becomes part of a header: no blanks, no control characters. */
static bool is_token(const char *token)
{
	size_t len = 0;

	for (; token[len]; len++) {
		if (token[len] <= ' ' || token[len] >= 0x7f)
			return false;
	}
	return len > 0 && len <= TOKEN_MAX;
}

static int take_token(struct registry *r, const struct strbuf *body, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	const char *token;

	if (json_parse("token", strbuf_str(body), body->len, &a, &doc, e) < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "answer of the token server");
	token = json_get_string(doc, "token");
	if (!token)
		token = json_get_string(doc, "access_token");
	if (!token || !is_token(token))
		return err_set(e, IMAGE_EREGISTRY, "the token server's answer has no usable token");
	session_set_authorization(r, xasprintf("Bearer %s", token));
	return 0;
}

static int fetch_token(struct registry *r, const struct challenge *c, struct err *e)
{
	auto_(http_transfer) struct http_transfer t = { 0 };
	auto_(strbuf) struct strbuf url = { 0 };
	auto_(strbuf) struct strbuf body = { 0 };
	struct registry_request request = { .max = TOKEN_ANSWER_MAX, .anonymous = true };
	int n = check_realm(r, challenge_get(c, "realm"), e);

	if (n < 0)
		return n;
	token_url(r, c, &url);
	request.url = strbuf_str(&url);
	n = session_request(r, &request, &t, &body, e);
	if (n < 0)
		return n;
	if (t.answer.status != 200) {
		n = session_status_error(r, &t.answer, e);
		return err_wrap(e, n, "ask '%.200s' for a token", challenge_get(c, "realm"));
	}
	return take_token(r, &body, e);
}

int session_authorize(struct registry *r, const struct http_answer *refusal, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct challenges list = { .n = 0 };
	const struct challenge *bearer;

	parse_all(refusal, &a, &list);
	bearer = challenge_find(&list, "Bearer");
	if (bearer && challenge_get(bearer, "realm"))
		return fetch_token(r, bearer, e);
	if (challenge_find(&list, "Basic"))
		return err_set(e, IMAGE_EDENIED,
			       "'%s' wants a user name and a password; only anonymous access is "
			       "supported",
			       r->host);
	return session_status_error(r, refusal, e);
}
