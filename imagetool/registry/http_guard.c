/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where requests must not go.  A registry on another machine has no business with
 * services of this one, nor with those at addresses of the link, where clouds keep
 * secrets: a redirect, or a token server, that leads there is refused.  Addresses are looked at
 * when the connection is made, so that no name hides them; with a proxy between,
 * names are the proxy's to look up, and only addresses in the URL are seen.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_internal.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"
#include "libutil/authority.h"

/* ---- Proxies ---- */

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

CURLcode http_proxy(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	const char *proxy = environment("HTTP_PROXY");

	if (t->http->opts.no_proxy)
		return c->curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	/* libcurl leaves this spelling out because of CGI, where a client can set it. */
	if (strncasecmp(t->url, "http:", 5) == 0 && proxy && !environment("http_proxy") &&
	    !getenv("REQUEST_METHOD"))
		return c->curl_easy_setopt(t->easy, CURLOPT_PROXY, proxy);
	return CURLE_OK;
}

bool http_proxy_is_malformed(CURLcode code, const char *text)
{
	return (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT) &&
	       strstr(text, "Unsupported proxy");
}

/* One of them may stand between; which, libcurl decides. */
static bool has_proxy(void)
{
	static const char *const names[] = { "http_proxy",  "HTTP_PROXY", "https_proxy",
					     "HTTPS_PROXY", "all_proxy",  "ALL_PROXY" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (environment(names[i]))
			return true;
	}
	return false;
}

/* ---- Addresses ---- */

static bool is_internal_v4(uint32_t a)
{
	return a >> 24 == 127 || a >> 24 == 0 || a >> 16 == 0xa9fe;
}

static bool is_internal_v6(const struct in6_addr *a)
{
	uint32_t v4;

	memcpy(&v4, &a->s6_addr[12], sizeof(v4));
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a))
		return is_internal_v4(ntohl(v4));
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LINKLOCAL(a);
}

static bool is_internal(const struct sockaddr *address)
{
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };

	if (address->sa_family == AF_INET) {
		memcpy(&a.v4, address, sizeof(a.v4));
		return is_internal_v4(ntohl(a.v4.sin_addr.s_addr));
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(&a.v6, address, sizeof(a.v6));
	return is_internal_v6(&a.v6.sin6_addr);
}

/* A name that is a number, in any of its spellings; others are looked at when they were looked up.
 */
static bool is_internal_host(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (host_is_loopback(host))
		return true;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return is_internal_v6(&v6);
	return inet_aton(host, &v4) && is_internal_v4(ntohl(v4.s_addr));
}

/* ---- The guard ---- */

/* Whose URL it is, with or without user information. */
static int parse_host(const char *text, struct url *ret)
{
	const char *scheme = strstr(text, "://");
	const char *behind = scheme ? scheme + 3 : text;
	struct authority a = authority_of(behind, AUTHORITY_ENDS);
	autofree char *plain = xasprintf("%.*s%s", (int)(behind - text), text, a.host);

	return url_parse(plain, ret, NULL);
}

static int refuse(struct http_transfer *t, const char *where)
{
	t->result = err_set(&t->err, IMAGE_EREGISTRY,
			    "it leads to '%.200s', this machine or its link: refused", where);
	return t->result;
}

/* The host that is spoken to is one we were not told to speak to. */
static bool is_elsewhere(const struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	const char *now = NULL;
	long redirects = 0;
	struct url url;

	(void)c->curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_COUNT, &redirects);
	(void)c->curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &now);
	if (redirects == 0)
		return t->foreign;
	return !now || parse_host(now, &url) < 0 || !streq(url.host, t->origin);
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose UNUSED,
				 struct curl_sockaddr *address)
{
	struct http_transfer *t = ctx;

	if (is_internal(&address->addr) && !has_proxy() && is_elsewhere(t)) {
		(void)refuse(t, address->family == AF_INET
					? "a loopback or link-local address"
					: "a loopback or link-local IPv6 address");
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode http_guard(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	struct url url;
	CURLcode r;

	t->origin[0] = '\0';
	/* Who is told of this machine may be led to it. */
	if (!t->http->opts.guard || parse_host(t->url, &url) < 0 ||
	    (!t->foreign && host_is_loopback(url.host)))
		return CURLE_OK;
	(void)snprintf(t->origin, sizeof(t->origin), "%s", url.host);
	r = c->curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	return r == CURLE_OK ? c->curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t) : r;
}

bool http_guard_redirect(struct http_transfer *t)
{
	const char *location = t->answer.location;
	autofree char *whole = NULL;
	struct url url;

	if (!t->origin[0] || t->stay || !location || t->answer.status / 100 != 3)
		return true;
	/* "//host/path": only the scheme stays what it is. */
	if (starts_with(location, "//"))
		location = whole = xasprintf("http:%s", location);
	/* A relative one stays where it is; what is no URL libcurl refuses. */
	if (parse_host(location, &url) < 0 || streq(url.host, t->origin) ||
	    !is_internal_host(url.host))
		return true;
	return refuse(t, url.host) == 0;
}
