/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/http_header.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "libutil/alloc.h"
#include "libutil/parse.h"

static const struct {
	const char *name;
	size_t offset;
	bool list;
} kept[] = {
	{ "content-type", offsetof(struct http_answer, content_type), false },
	{ "docker-content-digest", offsetof(struct http_answer, digest), false },
	{ "content-range", offsetof(struct http_answer, content_range), false },
	{ "location", offsetof(struct http_answer, location), false },
	{ "range", offsetof(struct http_answer, range), false },
	{ "oci-chunk-min-length", offsetof(struct http_answer, chunk_min), false },
	{ "oci-subject", offsetof(struct http_answer, subject), false },
	{ "www-authenticate", offsetof(struct http_answer, challenges), true },
	{ "warning", offsetof(struct http_answer, warnings), true },
	{ "link", offsetof(struct http_answer, links), true },
	{ "etag", offsetof(struct http_answer, etag), false },
	{ "last-modified", offsetof(struct http_answer, last_modified), false },
	{ "oci-tag", offsetof(struct http_answer, tags), true },
};

/* Lines of one name that are kept. */
#define HTTP_LIST_MAX 16

void http_header_reset(struct http_answer *a)
{
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		void *slot = (char *)a + kept[i].offset;

		if (kept[i].list)
			strv_done(slot);
		else
			free(*(char **)slot);
	}
	free(a->url);
	strbuf_done(&a->error_body);
	*a = (struct http_answer){ .length = -1 };
}

/* "HTTP/1.1 200 OK", "HTTP/2 200" */
static void status_line(struct http_answer *a, const char *line)
{
	const char *space = strchr(line, ' ');
	int status = 0;

	http_header_reset(a);
	for (int i = 1; space && i <= 3 && space[i] >= '0' && space[i] <= '9'; i++)
		status = status * 10 + (space[i] - '0');
	a->status = status;
}

static void keep(struct http_answer *a, size_t i, const char *value)
{
	void *slot = (char *)a + kept[i].offset;

	if (kept[i].list) {
		struct strv *list = slot;

		if (list->n < HTTP_LIST_MAX)
			strv_add(list, value);
		return;
	}
	free(*(char **)slot);
	*(char **)slot = xstrdup(value);
}

/* Values end up in messages, and those on terminals. */
static void make_harmless(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' && *text != '\t')
			*text = '?';
	}
}

void http_header_line(struct http_answer *a, const char *line, size_t len)
{
	autofree char *text = NULL;
	char *value;

	while (len > 0 && isspace((unsigned char)line[len - 1]))
		len--;
	text = xstrndup(line, len < HTTP_VALUE_MAX ? len : HTTP_VALUE_MAX);
	make_harmless(text);
	if (strncasecmp(text, "HTTP/", 5) == 0) {
		status_line(a, text);
		return;
	}
	value = strchr(text, ':');
	if (!value)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(text, "content-length") == 0 && parse_i64(value, &a->length) < 0)
		a->length = -1;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		if (strcasecmp(text, kept[i].name) == 0)
			keep(a, i, value);
	}
}

int http_range_start(const char *content_range, int64_t *ret)
{
	autofree char *first = NULL;
	const char *p = content_range;

	if (!p || strncasecmp(p, "bytes", 5) != 0)
		return -EINVAL;
	p += 5;
	p += strspn(p, " \t=");
	first = xstrndup(p, strcspn(p, "-"));
	return parse_i64(first, ret);
}

/* One parameter, `; rel="next"`: *p goes behind it.  Does it say that this is the next page? */
static bool link_param(const char **p)
{
	const char *name = *p, *value;
	size_t name_len = strcspn(name, "=;, \t"), len;
	bool quoted;

	*p = name + name_len;
	*p += strspn(*p, " \t");
	if (**p != '=')
		return false;
	++*p;
	*p += strspn(*p, " \t");
	quoted = **p == '"';
	value = *p + quoted;
	len = strcspn(value, quoted ? "\"" : ";, \t");
	*p = value + len;
	*p += quoted && **p == '"';
	if (name_len != 3 || strncasecmp(name, "rel", 3) != 0)
		return false;
	/* A list of words. */
	for (const char *w = value; w < value + len;) {
		size_t n = strcspn(w, " \"");

		if (n == 4 && strncasecmp(w, "next", 4) == 0)
			return true;
		w += n + (w[n] != '\0');
	}
	return false;
}

/* `<target>; name=value; name="value", <target> ...` */
static char *link_next(const char *p)
{
	while ((p = strchr(p, '<')) != NULL) {
		const char *target = p + 1;
		size_t len = strcspn(target, ">");
		bool next = false;

		p = target + len;
		if (*p != '>')
			return NULL;
		p++;
		p += strspn(p, " \t");
		while (*p == ';') {
			p++;
			p += strspn(p, " \t");
			next |= link_param(&p);
			p += strspn(p, " \t");
		}
		if (next && len > 0)
			return xstrndup(target, len);
	}
	return NULL;
}

char *http_link_next(const struct strv *links)
{
	char *found = NULL;

	for (size_t i = 0; i < links->n && !found; i++)
		found = link_next(links->v[i]);
	return found;
}

char *http_warning_text(const char *value)
{
	static const char start[] = "299 - \"";
	auto_(strbuf) struct strbuf text = { .max = HTTP_WARNING_MAX };
	const char *p = value + strlen(start);

	if (!starts_with(value, start))
		return NULL;
	for (; *p && *p != '"' && text.len < HTTP_WARNING_MAX; p++) {
		if (*p == '\\' && p[1])
			p++;
		strbuf_addc(&text, *p >= ' ' && *p < 0x7f ? *p : '?');
	}
	return *p == '"' || text.len == HTTP_WARNING_MAX ? xstrdup(strbuf_str(&text)) : NULL;
}
