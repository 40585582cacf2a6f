/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/fetch_keys.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "imagetool/dockerfile/lines.h"
#include "libutil/alloc.h"
#include "libutil/base64.h"
#include "libutil/strbuf.h"

#define SSH "ssh -F /dev/null -o BatchMode=yes"

/* ---- Whose door ---- */

/* "host" or "host:port" of http(s); empty for anything else. */
static struct span host_of(const char *url, bool with_port)
{
	struct span s = { "", 0 };
	const char *at, *end;

	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return s;
	s.p = strstr(url, "://") + 3;
	s.len = strcspn(s.p, "/?#");
	at = memrchr(s.p, '@', s.len);
	if (at) {
		s.len -= (size_t)(at + 1 - s.p);
		s.p = at + 1;
	}
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

/* As a password of nobody in particular, which is how git servers take tokens. */
static char *basic(struct span token)
{
	autofree char *plain = xasprintf("x-access-token:%.*s", (int)token.len, token.p);
	auto_(strbuf) struct strbuf out = { 0 };

	strbuf_adds(&out, "basic ");
	base64_add(&out, plain, strlen(plain));
	explicit_bzero(plain, strlen(plain));
	return strbuf_steal(&out);
}

int fetch_keys_git(const struct fetch_keys *k, const char *url, char **ret, struct err *e)
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
			*ret = rows[i].token ? basic(text) : xstrndup(text.p, text.len);
		return r;
	}
	return 0;
}

/* One token for all of github.com, where submodules live beside what they are part of. */
const char *fetch_keys_scope(const char *url)
{
	static const char *const whole[] = { "https://github.com/", "https://www.github.com/" };

	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (starts_with(url, whole[i]))
			return whole[i];
	return url;
}

/* ---- Agents and keys ---- */

static const struct run_ssh *default_ssh(const struct fetch_keys *k)
{
	for (size_t i = 0; k && i < k->n_ssh; i++)
		if (streq(k->ssh[i].id, "default"))
			return &k->ssh[i];
	return NULL;
}

/* git has a shell read the command. */
static void add_quoted(struct strbuf *out, const char *text)
{
	strbuf_addc(out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			strbuf_adds(out, "'\\''");
		else
			strbuf_addc(out, *text);
	strbuf_addc(out, '\'');
}

static void add_ssh(const struct run_ssh *s, struct strv *env)
{
	auto_(strbuf) struct strbuf command = { 0 };

	strbuf_adds(&command, "GIT_SSH_COMMAND=" SSH);
	if (s && s->n_keys)
		strbuf_adds(&command, " -o IdentitiesOnly=yes");
	for (size_t i = 0; s && i < s->n_keys; i++) {
		strbuf_adds(&command, " -i ");
		add_quoted(&command, s->keys[i]);
	}
	strv_add(env, strbuf_str(&command));
	if (s && s->socket)
		strv_addf(env, "SSH_AUTH_SOCK=%s", s->socket);
}

/* Not by `-c`: arguments are for everybody to read. */
int fetch_keys_environment(const struct fetch_keys *k, const char *url, struct strv *env,
			   struct err *e)
{
	autofree char *value = NULL;
	int r = fetch_keys_git(k, url, &value, e);

	if (r < 0)
		return r;
	add_ssh(default_ssh(k), env);
	if (!value)
		return 0;
	strv_add(env, "GIT_CONFIG_COUNT=1");
	strv_addf(env, "GIT_CONFIG_KEY_0=http.%s.extraheader", fetch_keys_scope(url));
	strv_addf(env, "GIT_CONFIG_VALUE_0=Authorization: %s", value);
	explicit_bzero(value, strlen(value));
	return 0;
}
