/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/fetch_keys.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "imagetool/dockerfile/lines.h"
#include "libutil/alloc.h"
#include "libutil/authority.h"

/* ---- Whose door ---- */

/* "host" or "host:port" of http(s); empty for anything else. */
static struct span host_of(const char *url, bool with_port)
{
	struct span s = { "", 0 };
	const char *end;
	struct authority a;

	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return s;
	a = authority_of(strstr(url, "://") + 3, AUTHORITY_ENDS);
	s = (struct span){ a.host, a.host_len };
	if (with_port)
		return s;
	/* "[::1]:80": its brackets are no part of an address. */
	end = s.p[0] == '[' ? memchr(s.p, ']', s.len) : memchr(s.p, ':', s.len);
	if (end)
		s.len = (size_t)(end - s.p);
	if (s.len && s.p[0] == '[')
		s = (struct span){ s.p + 1, s.len - 1 };
	return s;
}

/* ---- Secrets ---- */

static const struct run_secret *find(const struct fetch_keys *k, const char *name, char mark,
				     struct span host)
{
	autofree char *id =
		mark ? xasprintf("%s%c%.*s", name, mark, (int)host.len, host.p) : xstrdup(name);

	for (size_t i = 0; i < k->n_secrets; i++)
		if (streq(k->secrets[i].id, id))
			return &k->secrets[i];
	return NULL;
}

/* Files end with a line end; more of them would be further headers. */
static int text_of(const struct run_secret *s, struct span *ret, struct err *e)
{
	*ret = (struct span){ s->data, s->len };
	while (ret->len && (ret->p[ret->len - 1] == '\n' || ret->p[ret->len - 1] == '\r'))
		ret->len--;
	for (size_t i = 0; i < ret->len; i++)
		if ((unsigned char)ret->p[i] < ' ' || ret->p[i] == 0x7f)
			return err_set(e, EINVAL,
				       "secret '%.200s' has control characters: no header can hold "
				       "them",
				       s->id);
	return 0;
}

int fetch_keys_http(const struct fetch_keys *k, const char *url, char **ret, struct err *e)
{
	struct span host = host_of(url, false), text;
	const struct run_secret *token = NULL, *header = NULL;
	int r;

	if (k && host.len) {
		token = find(k, "HTTP_AUTH_TOKEN", '_', host);
		header = find(k, "HTTP_AUTH_HEADER", '_', host);
	}
	/* Where both are there BuildKit sends the token. */
	if (!token && !header)
		return 0;
	r = text_of(token ? token : header, &text, e);
	if (r >= 0)
		*ret = xasprintf("%s%.*s", token ? "Bearer " : "", (int)text.len, text.p);
	return r;
}

void fetch_git_key_done(struct fetch_git_key *key)
{
	if (key->text)
		explicit_bzero(key->text, strlen(key->text));
	free(key->text);
	*key = (struct fetch_git_key){ 0 };
}

int fetch_keys_git(const struct fetch_keys *k, const char *url, struct fetch_git_key *ret,
		   struct err *e)
{
	static const struct {
		const char *name;
		char mark;
		bool token;
	} rows[] = {
		{ "GIT_AUTH_HEADER", '.', false },
		{ "GIT_AUTH_TOKEN", '.', true },
		{ "GIT_AUTH_HEADER", '\0', false },
		{ "GIT_AUTH_TOKEN", '\0', true },
	};
	struct span host = host_of(url, true), text;
	int r;

	for (size_t i = 0; k && host.len && i < ARRAY_LEN(rows); i++) {
		const struct run_secret *s = find(k, rows[i].name, rows[i].mark, host);

		if (!s)
			continue;
		r = text_of(s, &text, e);
		if (r >= 0)
			*ret = (struct fetch_git_key){ xstrndup(text.p, text.len), rows[i].token };
		return r;
	}
	return 0;
}
