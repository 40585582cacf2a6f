/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes with a request to the registry alone stays behind when a redirect leads to another
 * host, port or scheme.  libcurl sees to that for Authorization; the headers that hosts.toml names
 * may hold secrets as well, and a client certificate says who we are.
 */
#include <strings.h>

#include "imagetool/registry/http_internal.h"
#include "libutil/strv.h"

/* "https://host:port" */
static size_t origin_len(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

static bool is_path(const char *location)
{
	size_t len = strcspn(location, "/?#\\");

	/* "//host/path" is another host's, as "scheme:" is. */
	return !memchr(location, ':', len) && !starts_with(location, "//") && location[len] != '\\';
}

bool http_stays(const char *url, const char *location)
{
	size_t len = origin_len(url);

	if (is_path(location))
		return true;
	return len > 0 && len == origin_len(location) && strncasecmp(url, location, len) == 0;
}

/* libcurl sends no header that has a name and nothing else; it looks at the list again for each
 * request. */
static void empty_header(struct curl_slist *line)
{
	char *colon = strchr(line->data, ':');

	if (colon)
		explicit_bzero(colon + 1, strlen(colon + 1));
}

void http_leave_behind(struct http_transfer *t)
{
	const struct curl_api *c = &t->http->curl;
	const struct strv *own = t->http->opts.headers;

	if (t->foreign || t->stay || t->answer.status / 100 != 3 || !t->answer.location ||
	    http_stays(t->url, t->answer.location))
		return;
	for (struct curl_slist *x = t->header_list; x; x = x->next)
		for (size_t i = 0; own && i < own->n; i++)
			if (streq(x->data, own->v[i]))
				empty_header(x);
	if (!t->http->opts.client_cert)
		return;
	(void)c->curl_easy_setopt(t->easy, CURLOPT_SSLCERT, NULL);
	(void)c->curl_easy_setopt(t->easy, CURLOPT_SSLKEY, NULL);
}
