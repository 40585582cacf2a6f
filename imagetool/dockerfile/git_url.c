/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/git_url.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "libutil/path.h"
#include "libutil/strbuf.h"

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_hex(const char *s)
{
	return *s && s[strspn(s, "0123456789abcdefABCDEF")] == '\0';
}

bool git_is_commit(const char *text)
{
	size_t len = strlen(text);

	return (len == 40 || len == 64) && is_hex(text);
}

/* git-check-ref-format(1), as far as it keeps a ref from being anything else. */
int git_ref_check(const char *ref, struct err *e)
{
	if (ref[0] == '-')
		return err_set(e, EINVAL, "'%.200s' is no git ref: it looks like an option", ref);
	for (const char *p = ref; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("~^:?*[\\", *p))
			return err_set(e, EINVAL, "'%.200s' is no git ref", ref);
	if (strstr(ref, "..") || strstr(ref, "@{"))
		return err_set(e, EINVAL, "'%.200s' is no git ref", ref);
	return 0;
}

/* ---- Where the parts are ---- */

struct parts {
	size_t scheme;                /* bytes of "https" in front of "://"; 0: user@host:path */
	const char *text;             /* from there on */
	size_t remote;                /* bytes of the text before query and fragment */
	const char *query, *fragment; /* with lengths; NULL: none */
	size_t query_len;
};

static size_t scheme_len(const char *text)
{
	size_t n = 0;

	while (is_alnum(text[n]))
		n++;
	return n > 0 && strncmp(text + n, "://", 3) == 0 ? n : 0;
}

static bool scheme_is(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(text, name, len) == 0;
}

/* user@host:path, as ssh and git write it. */
static bool is_scp(const char *text)
{
	const char *p = text;

	while (is_alnum(*p) || *p == '-' || *p == '_')
		p++;
	if (p == text || *p++ != '@')
		return false;
	text = p;
	while (is_alnum(*p) || *p == '-' || *p == '.')
		p++;
	return p > text && *p == ':';
}

static void split(const char *text, struct parts *ret)
{
	const char *hash = strchr(text, '#');
	size_t end = hash ? (size_t)(hash - text) : strlen(text);
	const char *mark = memchr(text, '?', end);

	ret->text = text;
	ret->fragment = hash ? hash + 1 : NULL;
	ret->remote = mark ? (size_t)(mark - text) : end;
	ret->query = mark ? mark + 1 : NULL;
	ret->query_len = mark ? end - ret->remote - 1 : 0;
}

/* ---- Pieces of text ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent signs undone, and with `plus` the '+' of queries. */
static int unescape(const char *s, size_t len, bool plus, struct arena *a, char **ret,
		    struct err *e)
{
	char *out = arena_alloc(a, len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)s[i];

		if (c == '%') {
			int high = len - i > 2 ? hex_value(s[i + 1]) : -1;
			c = high >= 0 ? hex_value(s[i + 2]) : -1;
			if (c < 0 || high * 16 + c == 0)
				return err_set(e, EINVAL, "'%.*s': bad '%%' in it",
					       (int)(len < 200 ? len : 200), s);
			c += high * 16;
			i += 2;
		} else if (plus && c == '+') {
			c = ' ';
		}
		out[n++] = (char)c;
	}
	*ret = out;
	return 0;
}

/* What ".." would lead out of stays inside, as BuildKit has it. */
static const char *clean_subdir(const char *subdir, struct arena *a)
{
	autofree char *rooted = path_join("/", subdir);
	autofree char *clean = path_clean(rooted);

	return arena_strdup(a, clean + 1);
}

/* ---- Fragment and query ---- */

static int read_fragment(const char *fragment, struct arena *a, struct git_url *ret, struct err *e)
{
	char *text, *colon;
	int r = unescape(fragment, strlen(fragment), false, a, &text, e);

	if (r < 0)
		return r;
	colon = strchr(text, ':');
	if (colon)
		*colon = '\0';
	ret->ref = text;
	ret->subdir = colon ? clean_subdir(colon + 1, a) : "";
	return 0;
}

/* What the rows of a query share. */
struct reading {
	struct arena *arena;
	struct git_url *ret;
	const char *tag, *branch; /* in full */
};

static int set_once(const char **slot, const char *what, const char *value, struct err *e)
{
	if (**slot && strcmp(*slot, value) != 0)
		return err_set(e, EINVAL, "%s conflicts: '%.100s' and '%.100s'", what, *slot,
			       value);
	*slot = value;
	return 0;
}

static int read_flag(const char *key, const char *value, enum git_flag *ret, struct err *e)
{
	static const char *const yes[] = { "", "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (streq(value, yes[i])) {
			*ret = GIT_FLAG_YES;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (streq(value, no[i])) {
			*ret = GIT_FLAG_NO;
			return 0;
		}
	return err_set(e, EINVAL, "invalid %s value: '%.100s'", key, value);
}

static const char *in_full(const char *prefix, const char *value, struct arena *a)
{
	if (strncmp(value, prefix, strlen(prefix)) == 0)
		return value;
	return arena_printf(a, "%s%s", prefix, value);
}

enum query_key {
	KEY_REF,
	KEY_TAG,
	KEY_BRANCH,
	KEY_SUBDIR,
	KEY_CHECKSUM,
	KEY_KEEP,
	KEY_SUBMODULES,
	KEY_MTIME,
	KEY_BY_COMMIT,
};

static const struct query_row {
	const char *name;
	enum query_key key;
	bool may_be_empty;
} query_rows[] = {
	{ "ref", KEY_REF, false },           { "tag", KEY_TAG, false },
	{ "branch", KEY_BRANCH, false },     { "subdir", KEY_SUBDIR, false },
	{ "checksum", KEY_CHECKSUM, false }, { "commit", KEY_CHECKSUM, false },
	{ "keep-git-dir", KEY_KEEP, true },  { "submodules", KEY_SUBMODULES, true },
	{ "mtime", KEY_MTIME, false },       { "fetch-by-commit", KEY_BY_COMMIT, true },
};

static int read_mtime(const char *value, bool *ret, struct err *e)
{
	*ret = streq(value, "commit");
	if (!*ret && !streq(value, "checkout"))
		return err_set(e, EINVAL,
			       "invalid mtime value: '%.100s' (must be 'checkout' or 'commit')",
			       value);
	return 0;
}

static int apply_row(struct reading *q, const struct query_row *row, const char *value,
		     struct err *e)
{
	struct git_url *ret = q->ret;
	enum git_flag flag = GIT_FLAG_UNSET;
	int r = 0;

	switch (row->key) {
	case KEY_REF:
		return set_once(&ret->ref, "ref", value, e);
	case KEY_TAG:
		q->tag = in_full("refs/tags/", value, q->arena);
		return 0;
	case KEY_BRANCH:
		q->branch = in_full("refs/heads/", value, q->arena);
		return 0;
	case KEY_SUBDIR:
		return set_once(&ret->subdir, "subdir", clean_subdir(value, q->arena), e);
	case KEY_CHECKSUM:
		ret->checksum = value;
		return 0;
	case KEY_KEEP:
		return read_flag(row->name, value, &ret->keep_git_dir, e);
	case KEY_SUBMODULES:
		return read_flag(row->name, value, &ret->submodules, e);
	case KEY_MTIME:
		return read_mtime(value, &ret->mtime_commit, e);
	case KEY_BY_COMMIT:
		r = read_flag(row->name, value, &flag, e);
		ret->fetch_by_commit = flag == GIT_FLAG_YES;
		return r;
	}
	return r;
}

static int read_pair(struct reading *q, const char *text, size_t len, unsigned *seen, struct err *e)
{
	const char *equals = memchr(text, '=', len);
	size_t key_len = equals ? (size_t)(equals - text) : len;
	char *key, *value = NULL;
	int r = unescape(text, key_len, true, q->arena, &key, e);

	if (r >= 0)
		r = unescape(equals ? equals + 1 : "", equals ? len - key_len - 1 : 0, true,
			     q->arena, &value, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(query_rows); i++) {
		if (!streq(key, query_rows[i].name))
			continue;
		if (*seen & 1U << i)
			return err_set(e, EINVAL, "query '%s' has multiple values", key);
		*seen |= 1U << i;
		if (!*value && !query_rows[i].may_be_empty)
			return err_set(e, EINVAL, "query '%s' has no value", key);
		return apply_row(q, &query_rows[i], value, e);
	}
	return err_set(e, EINVAL, "unexpected query '%.100s'", key);
}

static int read_query(const char *text, size_t len, struct arena *a, struct git_url *ret,
		      struct err *e)
{
	struct reading q = { .arena = a, .ret = ret };
	unsigned seen = 0;
	int r = 0;

	for (size_t at = 0; at < len && r >= 0;) {
		const char *amp = memchr(text + at, '&', len - at);
		size_t n = amp ? (size_t)(amp - text) - at : len - at;

		if (n > 0)
			r = read_pair(&q, text + at, n, &seen, e);
		at += n + 1;
	}
	if (r >= 0 && q.tag && q.branch)
		return err_set(e, EINVAL, "branch conflicts with tag");
	if (r >= 0 && q.tag)
		r = set_once(&ret->ref, "ref", q.tag, e);
	if (r >= 0 && q.branch)
		r = set_once(&ret->ref, "ref", q.branch, e);
	return r;
}

/* ---- All of it ---- */

static bool ends_with_git(const char *text, size_t len)
{
	return len >= 4 && memcmp(text + len - 4, ".git", 4) == 0;
}

/* Is it a repository at all? */
static bool recognise(const char *text, struct parts *p, struct git_url *ret)
{
	size_t scheme = scheme_len(text);

	split(text, p);
	p->scheme = scheme;
	if (scheme == 0) {
		ret->looks_local = strncmp(text, "github.com/", 11) == 0;
		return ret->looks_local || is_scp(text);
	}
	ret->unencrypted = scheme_is(text, scheme, "http") || scheme_is(text, scheme, "git");
	if (scheme_is(text, scheme, "http") || scheme_is(text, scheme, "https"))
		return ends_with_git(text, p->remote);
	return scheme_is(text, scheme, "ssh") || scheme_is(text, scheme, "git");
}

/* The host must not look like an option to ssh, nor the path to git. */
static int check_remote(const struct parts *p, const char *remote, struct err *e)
{
	const char *host = remote + (p->scheme ? p->scheme + 3 : 0);
	size_t authority = p->scheme ? strcspn(host, "/") : strcspn(host, ":");
	const char *at = memchr(host, '@', authority);

	if (host[0] == '-' || (at && at[1] == '-') ||
	    (!p->scheme && host[authority] == ':' && host[authority + 1] == '-'))
		return err_set(e, EINVAL, "'%.200s' is no repository: it looks like an option",
			       remote);
	for (const char *c = remote; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return err_set(e, EINVAL, "the repository's URL has control characters");
	return 0;
}

static const char *short_name(const char *remote, struct arena *a)
{
	const char *slash = strrchr(remote, '/');
	const char *name = slash ? slash + 1 : remote;
	size_t len = strlen(name);

	return arena_strndup(a, name, ends_with_git(name, len) ? len - 4 : len);
}

static int check_all(const struct parts *p, const struct git_url *u, struct err *e)
{
	int r = check_remote(p, u->remote, e);

	if (r >= 0)
		r = git_ref_check(u->ref, e);
	if (r >= 0 && u->checksum && (!is_hex(u->checksum) || strlen(u->checksum) > 64))
		r = err_set(e, EINVAL, "invalid checksum '%.100s', expected hex commit hash",
			    u->checksum);
	return r;
}

int git_url_parse(const char *text, struct arena *a, struct git_url *ret, struct err *e)
{
	struct git_url u = { .ref = "",
			     .subdir = "",
			     .keep_git_dir = GIT_FLAG_UNSET,
			     .submodules = GIT_FLAG_UNSET };
	struct parts p;
	int r = 0;

	if (strlen(text) > GIT_URL_MAX || !recognise(text, &p, &u))
		return 0;
	u.remote = arena_printf(a, "%s%.*s", u.looks_local ? "https://" : "", (int)p.remote, text);
	if (u.looks_local)
		p.scheme = strlen("https");
	u.name = short_name(u.remote, a);
	if (p.fragment)
		r = read_fragment(p.fragment, a, &u, e);
	if (r >= 0 && p.query)
		r = read_query(p.query, p.query_len, a, &u, e);
	if (r >= 0)
		r = check_all(&p, &u, e);
	if (r < 0)
		return err_wrap(e, r, "repository '%.200s'", u.remote);
	*ret = u;
	return 1;
}
