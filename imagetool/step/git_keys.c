/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/step/git_keys.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "libutil/alloc.h"
#include "libutil/authority.h"
#include "libutil/strbuf.h"

/* A server that is gone is noticed after a minute, as one of http is. */
#define SSH                                                                                        \
	"ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=60 -o ServerAliveInterval=20 "        \
	"-o ServerAliveCountMax=3"

/* Its shell reads the two; git appends what it wants, which this need not know. */
#define HELPER                                                                                     \
	"!f() { printf 'username=%s\\npassword=%s\\n' \"$CREEL_GIT_USER\" "                        \
	"\"$CREEL_GIT_PASSWORD\"; }; f"

/* ---- URLs ---- */

static bool is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* Without "://" it is user@host:path, where no password can stand. */
static bool find_authority(const char *url, struct authority *ret)
{
	const char *mark = strstr(url, "://");

	if (mark)
		*ret = authority_of(mark + 3, AUTHORITY_ENDS);
	return mark && ret->user;
}

char *git_keys_plain_url(const char *url)
{
	struct authority a = { 0 };
	size_t name = 0;

	if (!find_authority(url, &a))
		return xstrdup(url);
	/* Of ssh a name is no secret, and ssh takes no password. */
	if (!is_http(url))
		name = strcspn(a.user, ":@");
	return xasprintf("%.*s%.*s%s%s", (int)(a.user - url), url, (int)name, a.user,
			 name ? "@" : "", a.host);
}

/* One token for all of github.com, where submodules live beside what they are part of. */
static const char *scope_of_secret(const char *plain)
{
	static const char *const whole[] = { "https://github.com/", "https://www.github.com/" };

	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (starts_with(plain, whole[i]))
			return whole[i];
	return plain;
}

/* ---- Who an URL says we are ---- */

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Percent signs undone.  A line end would tell git something else. */
static int unescape(const char *text, size_t len, char **ret, struct err *e)
{
	autofree char *out = xcalloc(len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' && len - i > 2 ? hex_value(text[i + 1]) : -1;
		int low = high >= 0 ? hex_value(text[i + 2]) : -1;

		out[n] = low >= 0 ? (char)(high * 16 + low) : text[i];
		if ((unsigned char)out[n] < ' ' || out[n] == 0x7f)
			return err_set(e, EINVAL,
				       "name or password in the URL has control characters");
		n++;
		i += low >= 0 ? 2 : 0;
	}
	*ret = steal_ptr(&out);
	return 0;
}

static void add_login(struct strv *env, const char *scope, const char *user, const char *password)
{
	strv_add(env, "GIT_CONFIG_COUNT=1");
	strv_addf(env, "GIT_CONFIG_KEY_0=credential.%s.helper", scope);
	strv_add(env, "GIT_CONFIG_VALUE_0=" HELPER);
	strv_addf(env, "CREEL_GIT_USER=%s", user);
	strv_addf(env, "CREEL_GIT_PASSWORD=%s", password);
}

/* For all of that server: relative URLs of submodules lead to what lies beside it. */
static int add_url_login(const char *url, struct strv *env, struct err *e)
{
	struct authority a = { 0 };
	autofree char *user = NULL, *password = NULL, *scope = NULL;
	const char *colon;
	size_t len;
	int r;

	if (!is_http(url) || !find_authority(url, &a))
		return 0;
	colon = memchr(a.user, ':', a.user_len);
	len = colon ? (size_t)(colon - a.user) : a.user_len;
	r = unescape(a.user, len, &user, e);
	if (r >= 0)
		r = unescape(colon ? colon + 1 : "", colon ? a.user_len - len - 1 : 0, &password,
			     e);
	if (r < 0)
		return r;
	scope = xasprintf("%.*s%.*s/", (int)(a.user - url), url, (int)a.host_len, a.host);
	add_login(env, scope, user, password);
	explicit_bzero(password, strlen(password));
	return 0;
}

/* ---- What secrets say ---- */

static void add_header(struct strv *env, const char *scope, const char *value)
{
	strv_add(env, "GIT_CONFIG_COUNT=2");
	strv_addf(env, "GIT_CONFIG_KEY_0=http.%s.extraheader", scope);
	strv_addf(env, "GIT_CONFIG_VALUE_0=Authorization: %s", value);
	strv_add(env, "GIT_CONFIG_KEY_1=http.followRedirects");
	strv_add(env, "GIT_CONFIG_VALUE_1=false");
}

static void add_secret(struct strv *env, const char *url, const struct fetch_git_key *key)
{
	autofree char *plain = git_keys_plain_url(url);
	const char *scope = scope_of_secret(plain);

	/* As a password of nobody in particular, which is how git servers take tokens. */
	if (key->is_token)
		add_login(env, scope, "x-access-token", key->text);
	else
		add_header(env, scope, key->text);
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

/* ---- All of it ---- */

int git_keys_environment(const struct fetch_keys *k, const char *url, struct strv *env,
			 struct err *e)
{
	auto_(fetch_git_key) struct fetch_git_key key = { 0 };
	int r = fetch_keys_git(k, url, &key, e);

	if (r < 0)
		return r;
	add_ssh(default_ssh(k), env);
	if (!key.text)
		return add_url_login(url, env, e);
	add_secret(env, url, &key);
	return 0;
}
