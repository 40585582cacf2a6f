/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/uri.h"

#include <errno.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/path.h"
#include "libutil/strbuf.h"

static const struct {
	const char *scheme;
	enum uri_kind kind;
} schemes[] = {
	{ "fifo", URI_FIFO },
	{ "file", URI_FILE },
	{ "binary", URI_BINARY },
};

void uri_done(struct uri *u)
{
	free(u->path);
	strv_done(&u->args);
	*u = (struct uri){ 0 };
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "%41" is one byte.  A NUL would cut what follows off. */
static int decode_escape(const char *s, size_t left, struct strbuf *out)
{
	int high = left > 2 ? hex_digit(s[1]) : -1;
	int low = high < 0 ? -1 : hex_digit(s[2]);

	if (low < 0 || (high == 0 && low == 0))
		return -EINVAL;
	strbuf_addc(out, (char)(high << 4 | low));
	return 0;
}

static int decode(const char *s, size_t len, bool plus_is_blank, struct strbuf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '%') {
			if (decode_escape(s + i, len - i, out) < 0)
				return -EINVAL;
			i += 2;
		} else {
			strbuf_addc(out, plus_is_blank && s[i] == '+' ? ' ' : s[i]);
		}
	}
	return 0;
}

static int add_decoded(struct strv *args, const char *s, size_t len)
{
	auto_(strbuf) struct strbuf text = { .max = URI_MAX };

	if (decode(s, len, true, &text) < 0)
		return -EINVAL;
	strv_add(args, strbuf_str(&text));
	return 0;
}

static bool has_key(const struct strv *args, const char *key)
{
	for (size_t i = 0; i < args->n; i += 2)
		if (streq(args->v[i], key))
			return true;
	return false;
}

/* Of several values of a key the first counts, as everywhere in containerd. */
static void drop_repeated(struct strv *args)
{
	char *key = args->v[args->n - 2];

	args->n -= 2;
	if (has_key(args, key)) {
		free(key);
		free(args->v[args->n + 1]);
		args->v[args->n] = NULL;
	} else {
		args->n += 2;
	}
}

static int parse_query(const char *query, struct strv *args)
{
	while (*query) {
		size_t len = strcspn(query, "&"), key = strcspn(query, "=&");
		size_t value = key < len ? key + 1 : len;

		if (len > 0) {
			if (add_decoded(args, query, key) < 0 ||
			    add_decoded(args, query + value, len - value) < 0)
				return -EINVAL;
			drop_repeated(args);
		}
		query += len + (query[len] == '&');
	}
	return 0;
}

/* What follows "scheme:", which begins with "//" and a host that must be empty. */
static int parse_rest(const char *text, const char *rest, struct uri *u, struct err *e)
{
	auto_(strbuf) struct strbuf path = { .max = URI_MAX };
	size_t len;

	if (!starts_with(rest, "///"))
		return err_set(e, EINVAL, "stream '%s': no absolute path follows '://'", text);
	rest += 2;
	len = strcspn(rest, "?#");
	if (decode(rest, len, false, &path) < 0 || (u->kind == URI_BINARY && rest[len] == '?' &&
						    parse_query(rest + len + 1, &u->args) < 0))
		return err_set(e, EINVAL, "stream '%s': '%%' needs two hexadecimal digits", text);
	u->path = strbuf_steal(&path);
	return 0;
}

static int find_scheme(const char *text, size_t len, enum uri_kind *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strlen(schemes[i].scheme) == len &&
		    strncmp(text, schemes[i].scheme, len) == 0) {
			*ret = schemes[i].kind;
			return 0;
		}
	return -EINVAL;
}

static int parse_scheme(const char *text, size_t len, struct uri *ret, struct err *e)
{
	struct uri u = { 0 };
	int r;

	if (find_scheme(text, len, &u.kind) < 0)
		return err_set(e, EINVAL, "unknown STDIO scheme %.*s", (int)len, text);
	r = parse_rest(text, text + len + 1, &u, e);
	if (r < 0) {
		uri_done(&u);
		return r;
	}
	*ret = u;
	return 0;
}

int uri_parse(const char *text, struct uri *ret, struct err *e)
{
	const char *colon;

	if (!text || !*text) {
		*ret = (struct uri){ 0 };
		return 0;
	}
	if (strlen(text) > URI_MAX)
		return err_set(e, ENAMETOOLONG, "the name of a stream is longer than %d bytes",
			       URI_MAX);
	colon = strstr(text, "://");
	if (colon && !memchr(text, '/', (size_t)(colon - text)))
		return parse_scheme(text, (size_t)(colon - text), ret, e);
	*ret = (struct uri){ .kind = URI_FIFO, .path = xstrdup(text) };
	return 0;
}
