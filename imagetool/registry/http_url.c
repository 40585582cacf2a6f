/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/http_url.h"

#include <strings.h>

#include "imagetool/errors.h"
#include "imagetool/registry/http_internal.h"
#include "imagetool/registry/url.h"
#include "libutil/alloc.h"

/* One part as a string of ours, or NULL. */
static char *part(const struct http *h, CURLU *u, CURLUPart which, unsigned flags)
{
	char *text = NULL, *copy;

	if (h->curl.curl_url_get(u, which, &text, flags) != CURLUE_OK)
		return NULL;
	copy = xstrdup(text);
	h->curl.curl_free(text);
	return copy;
}

static CURLU *parse(const struct http *h, const char *text)
{
	CURLU *u = h->curl.curl_url();

	if (u && h->curl.curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK)
		return u;
	h->curl.curl_url_cleanup(u);
	return NULL;
}

/* The port of a URL that states one and lost its scheme to https would be wrong: 80 goes. */
static void upgrade(const struct http *h, CURLU *u)
{
	autofree char *port = part(h, u, CURLUPART_PORT, 0);

	(void)h->curl.curl_url_set(u, CURLUPART_SCHEME, "https", 0);
	if (port && streq(port, "80"))
		(void)h->curl.curl_url_set(u, CURLUPART_PORT, NULL, 0);
}

static char *resolve(const struct http *h, CURLU *u, const char *text)
{
	autofree char *old_scheme = part(h, u, CURLUPART_SCHEME, 0);
	autofree char *old_host = part(h, u, CURLUPART_HOST, 0);
	autofree char *scheme = NULL, *host = NULL;

	if (h->curl.curl_url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK)
		return NULL;
	(void)h->curl.curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	scheme = part(h, u, CURLUPART_SCHEME, 0);
	host = part(h, u, CURLUPART_HOST, 0);
	if (old_scheme && old_host && scheme && host && streq(old_scheme, "https") &&
	    streq(scheme, "http") && strcasecmp(host, old_host) == 0)
		upgrade(h, u);
	return part(h, u, CURLUPART_URL, 0);
}

int http_resolve(const struct http *h, const char *base, const char *text, char **ret,
		 struct err *e)
{
	CURLU *u = parse(h, base);
	autofree char *whole = u ? resolve(h, u, text) : NULL;
	struct url url;
	int r;

	h->curl.curl_url_cleanup(u);
	if (!whole)
		return err_set(e, IMAGE_EREGISTRY, "'%.200s' is no URL", text);
	r = url_parse(whole, &url, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EREGISTRY, "the registry's answer");
	if (url.scheme == URL_HTTP && strncasecmp(base, "https:", 6) == 0)
		return err_set(e, IMAGE_EREGISTRY,
			       "the registry leads from https to '%.200s': refused", whole);
	*ret = steal_ptr(&whole);
	return 0;
}
