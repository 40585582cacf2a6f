/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/token.h"

#include <errno.h>
#include <time.h>

#include "imagetool/errors.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"
#include "libutil/json.h"
#include "libutil/parse.h"

#define TOKEN_ANSWER_MAX ((size_t)1 << 20)
#define TOKEN_MAX        ((size_t)64 << 10)
#define TOKEN_LIFE_MAX_S ((int64_t)365 * 24 * 3600)

struct asking {
	struct registry *registry;
	const char *realm, *service;
	const struct scopes *scopes;
	const struct credential *credential;
	bool strict;
};

/* ---- The answer ---- */

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

/* Servers give out tokens a second time: what has passed since then is gone.  A clock that
 * disagrees with ours says nothing. */
static int64_t age_of(const struct json *doc)
{
	const char *issued = json_get_string(doc, "issued_at");
	struct timespec then;
	int64_t age;

	if (!issued || parse_time(issued, &then) < 0)
		return 0;
	age = (int64_t)time(NULL) - (int64_t)then.tv_sec;
	return age > 0 ? age : 0;
}

static int64_t life_of(const struct json *doc)
{
	const struct json *in = json_get(doc, "expires_in");
	int64_t life = TOKEN_LIFE_S, age = age_of(doc);

	if (in && in->kind == JSON_NUMBER && in->number.kind == JSON_NUM_I64 &&
	    in->number.i64 > TOKEN_LIFE_S)
		life = in->number.i64 < TOKEN_LIFE_MAX_S ? in->number.i64 : TOKEN_LIFE_MAX_S;
	return age < life ? life - age : life;
}

int token_parse(const char *text, size_t len, struct token *ret, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	const char *token;

	if (json_parse("token", text, len, &a, &doc, e) < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "answer of the token server");
	token = json_get_string(doc, "token");
	if (!token || !*token)
		token = json_get_string(doc, "access_token");
	if (!token || !is_token(token))
		return err_set(e, IMAGE_EREGISTRY, "the token server's answer has no usable token");
	ret->text = xstrdup(token);
	ret->life_s = life_of(doc);
	return 0;
}

/* ---- The question ---- */

/* A form or a query: both are percent-encoded alike. */
static void add_scopes(const struct asking *q, struct strbuf *out, bool one_each)
{
	autofree char *all = strv_join(&q->scopes->list, " ");

	if (!one_each && q->scopes->list.n > 0)
		url_add_query(out, "scope", all);
	for (size_t i = 0; one_each && i < q->scopes->list.n; i++)
		url_add_query(out, "scope", q->scopes->list.v[i]);
}

static int send(const struct asking *q, struct registry_request *request, int *ret_status,
		struct token *ret, struct err *e)
{
	auto_(http_transfer) struct http_transfer t = { 0 };
	struct strbuf body = { 0 };
	int n;

	request->max = TOKEN_ANSWER_MAX;
	request->anonymous = true;
	request->strict = q->strict;
	request->total_s = q->registry->opts.timeout_s * 2;
	n = session_request(q->registry, request, &t, &body, e);
	if (n >= 0)
		*ret_status = t.answer.status;
	if (n >= 0 && t.answer.status == 200)
		n = token_parse(strbuf_str(&body), body.len, ret, e);
	else if (n >= 0)
		n = err_wrap(e, session_status_error(q->registry, &t.answer, e),
			     "ask '%.200s' for a token", q->realm);
	if (body.data)
		explicit_bzero(body.data, body.cap);
	strbuf_done(&body);
	return n;
}

static int get(const struct asking *q, int *ret_status, struct token *ret, struct err *e)
{
	auto_(strbuf) struct strbuf url = { 0 };
	struct registry_request request = { 0 };
	char *basic = q->credential->password ? credential_basic(q->credential) : NULL;
	char *authorization = basic ? xasprintf("Basic %s", basic) : NULL;
	int n;

	strbuf_adds(&url, q->realm);
	if (q->service)
		url_add_query(&url, "service", q->service);
	add_scopes(q, &url, true);
	if (basic && q->credential->user)
		url_add_query(&url, "account", q->credential->user);
	request.url = strbuf_str(&url);
	request.authorization = authorization;
	n = send(q, &request, ret_status, ret, e);
	secret_free(basic);
	secret_free(authorization);
	return n;
}

/* The form holds the secret: it goes where it is sent and to no other place. */
static int post(const struct asking *q, int *ret_status, struct token *ret, struct err *e)
{
	const struct credential *c = q->credential;
	struct strbuf form = { .max = CREDENTIAL_SECRET_MAX * 4 };
	auto_(strv) struct strv headers = { 0 };
	struct http_payload payload = { 0 };
	struct registry_request request = { .method = "POST",
					    .url = q->realm,
					    .headers = &headers,
					    .payload = &payload,
					    .stay = true };
	int n;

	(void)strbuf_reserve(&form, CREDENTIAL_SECRET_MAX * 4 - 1);
	strbuf_addc(&form, '?');
	url_add_query(&form, "grant_type", c->identity_token ? "refresh_token" : "password");
	if (c->identity_token)
		url_add_query(&form, "refresh_token", c->identity_token);
	else
		url_add_query(&form, "password", c->password);
	if (!c->identity_token && c->user)
		url_add_query(&form, "username", c->user);
	url_add_query(&form, "service", q->service ? q->service : "");
	url_add_query(&form, "client_id", "creel-image");
	add_scopes(q, &form, false);
	strv_add(&headers, "Content-Type: application/x-www-form-urlencoded");
	n = strbuf_check(&form, "the request for a token", e);
	/* Behind "?&". */
	payload.data = strbuf_str(&form) + 2;
	payload.len = (int64_t)form.len - 2;
	if (n >= 0)
		n = send(q, &request, ret_status, ret, e);
	explicit_bzero(form.data, form.cap);
	strbuf_done(&form);
	return n;
}

/* An identity token is exchanged by POST; a password by GET, which all servers know, and by POST
 * where GET is not answered. */
int token_fetch(struct registry *r, const char *realm, const char *service,
		const struct scopes *scopes, const struct credential *c, bool strict,
		struct token *ret, struct err *e)
{
	const struct asking q = { r, realm, service, scopes, c, strict };
	int status = 0, n;

	if (c->identity_token)
		return post(&q, &status, ret, e);
	n = get(&q, &status, ret, e);
	if (n < 0 && c->password && (status == 404 || status == 405)) {
		err_clear(e);
		n = post(&q, &status, ret, e);
	}
	return n;
}
