/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a source of ADD is: a path, a file on the web, or a git repository.
 *
 *     git@host:path, ssh://, git://, http(s)://.../x.git  [?key=value&...] [#ref[:subdir]]
 */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "imagetool/graph/internal.h"
#include "libutil/parse.h"
#include "libutil/path.h"

/* ---- Pieces of a URL ---- */

struct url {
	const char *scheme;           /* in small letters; "" for git@host:path */
	const char *remote;           /* all in front of the query */
	const char *path;             /* decoded */
	const char *query, *fragment; /* as written; NULL: none */
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A NUL byte stays encoded: no text holds one. */
static const char *decoded(struct arena *a, const char *text, size_t len, bool plus)
{
	char *ret = arena_strndup(a, text, len), *to = ret;

	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' && i + 2 < len ? hex_digit(text[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

		if (low >= 0 && (high || low)) {
			*to++ = (char)(high * 16 + low);
			i += 2;
		} else {
			*to++ = plus && text[i] == '+' ? ' ' : text[i];
		}
	}
	*to = '\0';
	return ret;
}

static void split_end(struct arena *a, const char *text, const char *rest, struct url *ret)
{
	const char *end = rest + strcspn(rest, "?#");
	const char *hash = strchr(rest, '#');

	ret->remote = arena_strndup(a, text, (size_t)(end - text));
	ret->path = decoded(a, rest, (size_t)(end - rest), false);
	if (*end == '?')
		ret->query = arena_strndup(a, end + 1,
					   hash ? (size_t)(hash - end - 1) : strlen(end + 1));
	if (hash)
		ret->fragment = decoded(a, hash + 1, strlen(hash + 1), false);
}

/* "scheme://host/path" */
static bool split_url(struct arena *a, const char *text, struct url *ret)
{
	size_t len = 0;
	char *scheme;

	while (isalnum((unsigned char)text[len]))
		len++;
	if (len == 0 || !starts_with(text + len, "://"))
		return false;
	scheme = arena_strndup(a, text, len);
	for (char *c = scheme; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	*ret = (struct url){ .scheme = scheme };
	text += len + 3;
	split_end(a, text - len - 3, text + strcspn(text, "/?#"), ret);
	return true;
}

/* "user@host:path", as ssh and scp have it */
static bool split_scp(struct arena *a, const char *text, struct url *ret)
{
	static const char user[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	static const char host[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	size_t n = strspn(text, user);
	size_t m = n && text[n] == '@' ? strspn(text + n + 1, host) : 0;

	if (m == 0 || text[n + 1 + m] != ':')
		return false;
	*ret = (struct url){ .scheme = "" };
	split_end(a, text, text + n + m + 2, ret);
	return true;
}

/* ---- git: what follows '#' and '?' ---- */

static int take_fragment(struct arena *a, const char *fragment, struct vertex_git *git)
{
	const char *colon = strchrnul(fragment, ':');
	autofree char *below = path_join("/", *colon ? colon + 1 : ""), *clean = path_clean(below);

	git->ref = arena_strndup(a, fragment, (size_t)(colon - fragment));
	git->subdir = arena_strdup(a, clean + 1);
	return 0;
}

struct git_query {
	struct arena *arena;
	struct vertex_git *git;
	const char *tag, *branch;
	bool keeps; /* keep-git-dir was said */
	struct names seen;
};

static int conflict(const char *what, const char *a, const char *b, struct err *e)
{
	return err_set(e, EINVAL, "%s conflicts: \"%.80s\" vs \"%.80s\"", what, a, b);
}

static int set_ref(struct git_query *q, const char *value, struct err *e)
{
	if (*q->git->ref && !streq(q->git->ref, value))
		return conflict("ref", q->git->ref, value, e);
	q->git->ref = value;
	return 0;
}

static int set_tag(struct git_query *q, const char *value, struct err *e UNUSED)
{
	q->tag = starts_with(value, "refs/tags/") ? value
						  : arena_printf(q->arena, "refs/tags/%s", value);
	return 0;
}

static int set_branch(struct git_query *q, const char *value, struct err *e UNUSED)
{
	q->branch = starts_with(value, "refs/heads/")
			    ? value
			    : arena_printf(q->arena, "refs/heads/%s", value);
	return 0;
}

static int set_subdir(struct git_query *q, const char *value, struct err *e)
{
	autofree char *below = path_join("/", value), *clean = path_clean(below);

	if (*q->git->subdir && !streq(q->git->subdir, clean + 1))
		return conflict("subdir", q->git->subdir, value, e);
	q->git->subdir = arena_strdup(q->arena, clean + 1);
	return 0;
}

static int set_checksum(struct git_query *q, const char *value, struct err *e UNUSED)
{
	q->git->checksum = value;
	return 0;
}

static int set_keep(struct git_query *q, const char *value, struct err *e UNUSED)
{
	q->keeps = true;
	return *value ? parse_bool(value, &q->git->keep_git_dir)
		      : ((q->git->keep_git_dir = true), 0);
}

static int set_submodules(struct git_query *q, const char *value, struct err *e UNUSED)
{
	return *value ? parse_bool(value, &q->git->submodules) : ((q->git->submodules = true), 0);
}

static int set_by_commit(struct git_query *q, const char *value, struct err *e UNUSED)
{
	return *value ? parse_bool(value, &q->git->fetch_by_commit)
		      : ((q->git->fetch_by_commit = true), 0);
}

/* Times of files are those of the checkout; others are not made. */
static int set_mtime(struct git_query *q UNUSED, const char *value, struct err *e)
{
	if (streq(value, "checkout"))
		return 0;
	return err_set(e, ENOTSUP, "mtime=%.40s is not supported: only mtime=checkout is", value);
}

static const struct git_key {
	const char *name;
	bool may_be_empty;
	int (*set)(struct git_query *q, const char *value, struct err *e);
} git_keys[] = {
	{ "branch", false, set_branch },
	{ "checksum", false, set_checksum },
	{ "commit", false, set_checksum },
	{ "fetch-by-commit", true, set_by_commit },
	{ "keep-git-dir", true, set_keep },
	{ "mtime", false, set_mtime },
	{ "ref", false, set_ref },
	{ "subdir", false, set_subdir },
	{ "submodules", true, set_submodules },
	{ "tag", false, set_tag },
};

static int take_pair(struct git_query *q, const char *pair, size_t len, struct err *e)
{
	const char *equals = memchr(pair, '=', len);
	size_t name_len = equals ? (size_t)(equals - pair) : len;
	const char *name = decoded(q->arena, pair, name_len, true), *value = "";
	int r;

	if (equals)
		value = decoded(q->arena, equals + 1, len - name_len - 1, true);
	if (names_find(&q->seen, name) >= 0)
		return err_set(e, EINVAL, "query \"%.80s\" has multiple values", name);
	names_set(&q->seen, q->arena, name, 0);
	for (size_t i = 0; i < ARRAY_LEN(git_keys); i++) {
		if (!streq(git_keys[i].name, name))
			continue;
		if (!*value && !git_keys[i].may_be_empty)
			return err_set(e, EINVAL, "query \"%.80s\" has no value", name);
		r = git_keys[i].set(q, value, e);
		/* A switch that is neither says nothing itself. */
		return r < 0 && git_keys[i].may_be_empty
			       ? err_set(e, EINVAL, "invalid %s value: \"%.80s\"", name, value)
			       : r;
	}
	return err_set(e, EINVAL, "unexpected query \"%.80s\"", name);
}

static int take_query(struct git_query *q, const char *query, struct err *e)
{
	int r = 0;

	while (*query && r >= 0) {
		size_t len = strcspn(query, "&");

		r = len ? take_pair(q, query, len, e) : 0;
		query += len + (query[len] == '&');
	}
	if (r >= 0 && q->tag && q->branch)
		return err_set(e, EINVAL, "branch conflicts with tag");
	if (r >= 0 && (q->tag || q->branch))
		r = set_ref(q, q->tag ? q->tag : q->branch, e);
	return r;
}

static int take_git(struct arena *a, const struct url *u, struct vertex_git *ret, bool *ret_keeps,
		    struct err *e)
{
	struct git_query q = { .arena = a, .git = ret };
	int r = 0;

	*ret = (struct vertex_git){ .url = u->remote, .ref = "", .subdir = "", .submodules = true };
	if (u->fragment)
		r = take_fragment(a, u->fragment, ret);
	if (r >= 0 && u->query)
		r = take_query(&q, u->query, e);
	*ret_keeps = q.keeps;
	return r < 0 ? err_wrap(e, r, "%.120s", u->remote) : 0;
}

/* ---- Which it is ---- */

static bool ends_in_git(const char *path)
{
	size_t len = strlen(path);

	return len >= 4 && streq(path + len - 4, ".git");
}

int source_kind_of(const char *text, struct arena *a, enum source_kind *ret_kind,
		   struct vertex_git *ret, bool *ret_keeps, struct err *e)
{
	struct url u;
	bool web;

	*ret_kind = SOURCE_PATH;
	*ret_keeps = false;
	if (!strchr(text, ':') || (!split_url(a, text, &u) && !split_scp(a, text, &u)))
		return 0;
	web = streq(u.scheme, "http") || streq(u.scheme, "https");
	if (!web && *u.scheme && !streq(u.scheme, "git") && !streq(u.scheme, "ssh"))
		return 0;
	*ret_kind = web && !ends_in_git(u.path) ? SOURCE_HTTP : SOURCE_GIT;
	return *ret_kind == SOURCE_GIT ? take_git(a, &u, ret, ret_keeps, e) : 0;
}

/* One component without surprises, whatever the URL holds. */
const char *url_file_name(const char *text, struct arena *a)
{
	struct url u;
	autofree char *clean = NULL;
	const char *base;

	if (!split_url(a, text, &u) || !*u.path)
		return "__unnamed__";
	clean = path_clean(u.path);
	base = strrchr(clean, '/');
	base = base ? base + 1 : clean;
	if (!*base || streq(base, ".") || streq(base, "..") || strlen(base) > 255)
		return "__unnamed__";
	return arena_strdup(a, base);
}
