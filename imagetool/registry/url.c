/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <strings.h>

int url_split_host(const char *hostport, char host[URL_HOST_SIZE], struct err *e)
{
	bool bracket = hostport[0] == '[';
	const char *start = hostport + bracket;
	size_t len = strcspn(start, bracket ? "]" : ":");
	const char *rest = start + len + (bracket && start[len] == ']');

	if (len == 0 || len >= URL_HOST_SIZE || (bracket && start[len] != ']') ||
	    (rest[0] != '\0' && rest[0] != ':') ||
	    (rest[0] == ':' && strspn(rest + 1, "0123456789") != strlen(rest + 1)))
		return err_set(e, EINVAL, "'%.200s' is not host or host:port", hostport);
	for (size_t i = 0; i < len; i++)
		host[i] = (char)tolower((unsigned char)start[i]);
	host[len] = '\0';
	return 0;
}

static bool is_clean(const char *text)
{
	size_t len = 0;

	for (; text[len]; len++) {
		if (text[len] <= ' ' || text[len] >= 0x7f || text[len] == '\\')
			return false;
	}
	return len <= URL_MAX;
}

int url_parse(const char *text, struct url *ret, struct err *e)
{
	struct url url = { 0 };
	const char *rest;
	char hostport[URL_HOST_SIZE + 8];
	size_t len;
	int r;

	if (strncasecmp(text, "https://", 8) == 0)
		url.scheme = URL_HTTPS;
	else if (strncasecmp(text, "http://", 7) == 0)
		url.scheme = URL_HTTP;
	else
		return err_set(e, EINVAL, "URL '%.200s' is neither http nor https", text);
	rest = strchr(text, ':') + 3;
	len = strcspn(rest, "/?#");
	/* "user@" would send a password to whoever wrote this URL. */
	if (!is_clean(text) || len >= sizeof(hostport) || memchr(rest, '@', len))
		return err_set(e, EINVAL, "URL '%.200s' is malformed", text);
	memcpy(hostport, rest, len);
	hostport[len] = '\0';
	r = url_split_host(hostport, url.host, e);
	if (r < 0)
		return err_wrap(e, r, "URL '%.200s'", text);
	*ret = url;
	return 0;
}

bool host_is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;
	size_t len = strlen(host);

	if (streq(host, "localhost") || (len > 10 && streq(host + len - 10, ".localhost")))
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

void url_add_query(struct strbuf *url, const char *key, const char *value)
{
	strbuf_addf(url, "%c%s=", strchr(strbuf_str(url), '?') ? '&' : '?', key);
	for (; *value; value++) {
		if (isalnum((unsigned char)*value) || strchr("-._~/:", *value))
			strbuf_addc(url, *value);
		else
			strbuf_addf(url, "%%%02X", (unsigned)(unsigned char)*value);
	}
}
