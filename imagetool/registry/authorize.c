/* SPDX-License-Identifier: Apache-2.0 */
/* Answering a 401: who we are, and whom we tell. */
#include <errno.h>
#include <strings.h>

#include "imagetool/auth/auth.h"
#include "imagetool/errors.h"
#include "imagetool/registry/challenge.h"
#include "imagetool/registry/token.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"

/* A token this near its end would end on the way. */
#define RENEW_BEFORE_MS 10000

void session_forget_token(struct registry *r)
{
	session_set_authorization(r, NULL);
	r->bearer = false;
	r->expires = 0;
}

/* ---- Who we are ---- */

static int find_credential(struct registry *r, struct err *e)
{
	const struct endpoint *p = &r->endpoints.v[r->current];
	/* A helper may have to ask a person. */
	const struct auth_opts opts = { .authfile = r->opts.authfile,
					.timeout_s = r->opts.timeout_s * 2,
					.wakefd = r->opts.wakefd };
	int n;

	if (r->credential_known)
		return 0;
	/* What the command line says is for the registry that was named. */
	if (r->opts.given && !p->mirror) {
		credential_copy(&r->credential, r->opts.given);
		r->credential_known = true;
		return 0;
	}
	n = auth_find(&opts, p->authority, p->repository, &r->credential, e);
	r->credential_known = n >= 0;
	return n < 0 ? n : 0;
}

/* ---- Whom we tell ---- */

static bool same_host(const struct registry *r, const struct url *realm)
{
	struct url own;

	return url_parse(r->root, &own, NULL) >= 0 && streq(own.host, realm->host);
}

/*
 * A token for an https registry comes over https: who can read or change it on the way is the
 * registry.  Secrets go over http to the registry's own host only, where the user allowed it.
 */
static int check_realm(const struct registry *r, const char *realm, bool *ret_strict, struct err *e)
{
	struct url url;
	int n = url_parse(realm, &url, e);

	if (n < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "token server");
	if (url.scheme == URL_HTTP && strncasecmp(r->base, "https:", 6) == 0)
		return err_set(e, IMAGE_EREGISTRY,
			       "token server '%.200s' is not https although '%s' is: refused",
			       realm, r->host);
	if (url.scheme == URL_HTTP && !same_host(r, &url) && !credential_is_empty(&r->credential))
		return err_set(e, IMAGE_EDENIED,
			       "'%s' wants the name and password sent to '%.200s', another host, "
			       "without TLS: refused",
			       r->host, realm);
	if (host_is_loopback(url.host) && !r->loopback)
		return err_set(e, IMAGE_EREGISTRY,
			       "token server '%.200s' is on this machine although '%s' is not: "
			       "refused",
			       realm, r->host);
	*ret_strict = r->opts.tls != REGISTRY_TLS_OFF && !same_host(r, &url) &&
		      !host_is_loopback(url.host);
	return 0;
}

/* ---- Tokens ---- */

static int fetch(struct registry *r, const struct scopes *scopes, struct err *e)
{
	struct token token = { 0 };
	bool strict = false;
	int n = check_realm(r, r->realm, &strict, e);

	if (n >= 0)
		n = token_fetch(r, r->realm, r->service, scopes, &r->credential, strict, &token, e);
	if (n < 0)
		return n;
	session_set_authorization(r, xasprintf("Bearer %s", token.text));
	secret_free(token.text);
	r->bearer = true;
	r->expires = http_now_ms() + token.life_s * 1000;
	return 0;
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

/* What the registry wants for this request, and what the session will want soon. */
static int answer_bearer(struct registry *r, const struct challenge *c, struct err *e)
{
	if (r->credential.registry_token) {
		session_set_authorization(r, xasprintf("Bearer %s", r->credential.registry_token));
		return 0;
	}
	free(r->realm);
	free(r->service);
	r->realm = copy(challenge_get(c, "realm"));
	r->service = copy(challenge_get(c, "service"));
	if (challenge_get(c, "scope"))
		scopes_add_text(&r->wanted, challenge_get(c, "scope"));
	return fetch(r, &r->wanted, e);
}

int session_renew(struct registry *r, struct err *e)
{
	if (!r->bearer || !r->realm || r->expires == 0 ||
	    r->expires - http_now_ms() > RENEW_BEFORE_MS)
		return 0;
	return fetch(r, &r->wanted, e);
}

/* ---- Basic ---- */

static int answer_basic(struct registry *r, struct err *e)
{
	char *basic;

	if (!r->credential.password)
		return err_set(e, IMAGE_EDENIED,
			       "'%s' wants a user name and a password: 'creel-image login %s'",
			       r->host, r->host);
	basic = credential_basic(&r->credential);
	session_set_authorization(r, xasprintf("Basic %s", basic));
	secret_free(basic);
	return 0;
}

/* ---- The challenge ---- */

static void parse_all(const struct http_answer *refusal, struct arena *a, struct challenges *list)
{
	/* One header that makes no sense must not hide another that does. */
	for (size_t i = 0; i < refusal->challenges.n; i++)
		(void)challenge_parse(refusal->challenges.v[i], a, list, NULL);
}

int session_authorize(struct registry *r, const struct http_answer *refusal, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct challenges list = { .n = 0 };
	const struct challenge *bearer;
	int n;

	parse_all(refusal, &a, &list);
	bearer = challenge_find(&list, "Bearer");
	if (bearer && !challenge_get(bearer, "realm"))
		bearer = NULL;
	if (!bearer && !challenge_find(&list, "Basic"))
		return session_status_error(r, refusal, e);
	n = find_credential(r, e);
	if (n < 0)
		return n;
	session_forget_token(r);
	return bearer ? answer_bearer(r, bearer, e) : answer_basic(r, e);
}
