/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a registry: its endpoints, how each is spoken to, and going on to the next. */
#include <errno.h>
#include <strings.h>

#include "imagetool/errors.h"
#include "imagetool/hosts/hosts.h"
#include "imagetool/registry/plain_http.h"
#include "imagetool/registry/prepare.h"
#include "imagetool/registry/session.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

/* Docker's name for itself is not where its registry is. */
static const char *registry_address(const char *host)
{
	return streq(host, "docker.io") || streq(host, "index.docker.io") ? "registry-1.docker.io"
									  : host;
}

/* ---- https or http ---- */

/* Does something speak https there?  Whatever the status, an answer is a yes.  1, 0 or an error. */
static int speaks_https(struct registry *r, const struct endpoint *p, struct err *e)
{
	autofree char *url = xasprintf("https://%s%s/", registry_address(p->authority), p->path);
	auto_(http_transfer) struct http_transfer t = { .url = url };
	int n = http_start(r->http, &t, e);

	if (n >= 0)
		n = http_wait(r->http, &t, e);
	if (n < 0)
		return n;
	return t.result == 0;
}

struct manner {
	enum endpoint_scheme scheme;
	bool verify;
};

/* What the endpoint's configuration and the user's options make of it. */
static struct manner choose_manner(const struct registry *r, const struct endpoint *p)
{
	struct manner m = { .scheme = p->scheme, .verify = p->verify };
	bool trusts = p->ca != NULL || p->client_cert != NULL;

	switch (r->opts.tls) {
	case REGISTRY_TLS_VERIFIED:
		m.verify = true;
		if (m.scheme == ENDPOINT_EITHER)
			m.scheme = ENDPOINT_HTTPS;
		break;
	case REGISTRY_TLS_AUTO:
		/* This machine, and nobody said what to trust. */
		if (!r->loopback || trusts)
			break;
		__attribute__((fallthrough));
	case REGISTRY_TLS_OFF:
		m.verify = false;
		if (m.scheme == ENDPOINT_HTTPS)
			m.scheme = ENDPOINT_EITHER;
		break;
	}
	return m;
}

/* ---- One endpoint ---- */

static void leave(struct registry *r)
{
	if (r->http)
		r->retired[r->n_retired++] = r->http;
	free(r->base);
	free(r->root);
	free(r->repository);
	r->base = r->root = r->repository = NULL;
	session_forget_token(r);
	credential_done(&r->credential);
	r->credential_known = r->reached = false;
}

static int choose_base(struct registry *r, const struct endpoint *p, enum endpoint_scheme scheme,
		       struct err *e)
{
	int https = scheme != ENDPOINT_HTTP;

	if (scheme == ENDPOINT_EITHER)
		https = speaks_https(r, p, e);
	if (https < 0)
		return https;
	r->base = xasprintf("%s://%s", https ? "https" : "http", registry_address(p->authority));
	r->root = xasprintf("%s%s", r->base, p->path);
	log_debug("registry '%s' is at %s", r->host, r->root);
	return 0;
}

static int enter(struct registry *r, size_t i, struct err *e)
{
	const struct endpoint *p = &r->endpoints.v[i];
	struct http_opts http = { .timeout_s = r->opts.timeout_s,
				  .wakefd = r->opts.wakefd,
				  .ca = p->ca,
				  .client_cert = p->client_cert,
				  .client_key = p->client_key,
				  .headers = &p->headers };
	char host[URL_HOST_SIZE];
	struct http *fresh;
	struct manner m;
	int n = url_split_host(p->authority, host, e);

	leave(r);
	r->current = i;
	if (n < 0)
		return err_wrap(e, n, "registry");
	r->loopback = host_is_loopback(host);
	m = choose_manner(r, p);
	if (m.scheme == ENDPOINT_EITHER && plain_http_is_spoken(p->authority, r->opts.wakefd))
		m.scheme = ENDPOINT_HTTP;
	http.no_proxy = r->loopback;
	http.guard = !r->loopback;
	http.verify_tls = m.verify;
	r->repository = xstrdup(p->repository);
	registry_prepare_done(r->opts.prepare);
	n = http_new(&http, &fresh, e);
	if (n < 0)
		return n;
	__atomic_store_n(&r->http, fresh, __ATOMIC_RELEASE);
	return choose_base(r, p, m.scheme, e);
}

int session_next(struct registry *r, int n, struct err *e)
{
	while (n < 0) {
		if (n == -EINTR || n == -ENOMEM || r->current + 1 >= r->endpoints.n)
			return n;
		log_debug("registry '%s': next endpoint after: %s", r->host, e ? e->msg : "");
		err_clear(e);
		n = enter(r, r->current + 1, e);
	}
	scopes_done(&r->wanted);
	registry_want(r, r->named, "pull");
	return 1;
}

/* ---- All of them ---- */

static int find_endpoints(struct registry *r, const struct image_reference *ref, struct err *e)
{
	struct hosts_opts hosts = {
		.registries_conf = r->opts.registries_conf,
		.hosts_dir = r->opts.hosts_dir,
		.cert_dir = r->opts.cert_dir,
		.by_digest = ref->digest != NULL,
		.need = r->opts.push ? ENDPOINT_PUSH : ENDPOINT_PULL,
	};

	if (!ref->digest && !r->opts.push)
		hosts.need |= ENDPOINT_RESOLVE;
	return hosts_find(&hosts, ref->registry, ref->repository, &r->endpoints, e);
}

int registry_open(const struct image_reference *ref, const struct registry_opts *opts,
		  struct registry **ret, struct err *e)
{
	auto_(registry) struct registry *r = xcalloc(1, sizeof(*r));
	int n;

	r->opts = *opts;
	r->host = xstrdup(ref->registry);
	r->named = xstrdup(ref->repository);
	n = find_endpoints(r, ref, e);
	if (n < 0)
		return n;
	n = enter(r, 0, e);
	if (n < 0)
		n = session_next(r, n, e);
	if (n < 0)
		return n;
	registry_want(r, r->named, "pull");
	*ret = steal_ptr(&r);
	return 0;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	leave(r);
	for (size_t i = 0; i < r->n_retired; i++)
		http_free(r->retired[i]);
	free(r->host);
	free(r->named);
	endpoints_done(&r->endpoints);
	scopes_done(&r->wanted);
	strv_done(&r->warnings);
	free(r->realm);
	free(r->service);
	free(r);
}

void registry_want(struct registry *r, const char *repository, const char *actions)
{
	struct scopes had = r->wanted;

	r->wanted = (struct scopes){ 0 };
	scopes_copy(&r->wanted, &had);
	/* On this endpoint it may have another name. */
	scopes_add(&r->wanted, "repository",
		   streq(repository, r->named) ? r->repository : repository, actions);
	/* The token there is may be of no use for it. */
	if (!scopes_cover(&had, &r->wanted) && r->bearer)
		session_forget_token(r);
	scopes_done(&had);
}

char *session_place(const struct registry *r, const char *rest)
{
	const struct endpoint *p = &r->endpoints.v[r->current];
	auto_(strbuf) struct strbuf url = { 0 };

	strbuf_addf(&url, "%s/%s/%s", r->root, r->repository, rest);
	/* A proxy for many registries is told which one is meant. */
	if (p->ns)
		url_add_query(&url, "ns", p->ns);
	return strbuf_steal(&url);
}

int session_tls_error(const struct registry *r, const struct http_transfer *t, struct err *e)
{
	const char *host = r->endpoints.v[r->current].authority;

	return err_set(e, -t->result,
		       "%s; if it is to be trusted, put the certificate of its CA into "
		       "/etc/containers/certs.d/%s/ca.crt or give --cert-dir; with "
		       "--tls-verify=false any certificate and plain http will do",
		       t->err.msg, host);
}
