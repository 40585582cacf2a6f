/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crates of Rust: what Cargo wrote down beside the sources, and what cargo-auditable
 * puts into a program: section ".dep-v0", a JSON document that zlib compressed.
 */
#include <zlib.h>

#include "imagetool/attest/elf_section.h"
#include "imagetool/attest/lines.h"
#include "imagetool/attest/packages.h"
#include "libutil/json.h"
#include "libutil/strbuf.h"

#define SECTION     ".dep-v0"
#define INFLATE_MIN ((size_t)64 << 10)

/* ---- Cargo.lock ---- */

/* KEY = "value", in the one form that Cargo writes. */
static bool read_pair(struct packages *p, const struct line *l, const char *key, const char **ret)
{
	struct line v;

	if (!line_value(l, key, &v) || v.len < 2 || *v.text != '"' || v.text[v.len - 1] != '"')
		return false;
	*ret = arena_strndup(&p->arena, v.text + 1, v.len - 2);
	return true;
}

/* What has no source is part of what is built there. */
int parse_cargo_lock(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e)
{
	static const char head[] = "[[package]]";
	const char *end = text + len, *source = NULL;
	struct package one = { .kind = PACKAGE_CARGO, .where = where };
	struct line l;
	int r = 0;

	while (r >= 0 && line_next(&text, end, &l)) {
		if (l.len == strlen(head) && memcmp(l.text, head, l.len) == 0) {
			r = source ? packages_add(p, &one, e) : 0;
			one.name = one.version = source = NULL;
		} else if (!read_pair(p, &l, "name = ", &one.name) &&
			   !read_pair(p, &l, "version = ", &one.version)) {
			(void)read_pair(p, &l, "source = ", &source);
		}
	}
	return r >= 0 && source ? packages_add(p, &one, e) : r;
}

/* ---- Programs ---- */

int find_rust_crates(const unsigned char *file, size_t len, const char **ret, size_t *ret_len)
{
	const unsigned char *text;

	if (!elf_section(file, len, SECTION, &text, ret_len))
		return 0;
	*ret = (const char *)text;
	return 1;
}

/* false: it is damaged, or too large. */
static bool inflate_all(const char *text, size_t len, struct strbuf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)len };
	int r = inflateInit(&z);

	while (r == Z_OK) {
		char *to = strbuf_reserve(out, INFLATE_MIN);

		if (!to)
			break;
		z.next_out = (Bytef *)to;
		z.avail_out = INFLATE_MIN;
		r = inflate(&z, Z_NO_FLUSH);
		strbuf_commit(out, INFLATE_MIN - z.avail_out);
	}
	(void)inflateEnd(&z);
	return r == Z_STREAM_END;
}

/* What was only needed to build it is not in it. */
static int add_crate(struct packages *p, const struct json *listed, const char *where,
		     struct err *e)
{
	const char *kind = json_get_string(listed, "kind");
	const struct package one = { .kind = PACKAGE_CARGO,
				     .name = json_get_string(listed, "name"),
				     .version = json_get_string(listed, "version"),
				     .where = where };

	return kind && streq(kind, "build") ? 0 : packages_add(p, &one, e);
}

int parse_rust_crates(struct packages *p, const char *text, size_t len, const char *where,
		      struct err *e)
{
	auto_(strbuf) struct strbuf plain = { .max = PACKAGES_DOCUMENT_MAX };
	auto_(arena) struct arena a = { 0 };
	const struct json *list;
	struct json *doc;
	int r = 0;

	if (len > PACKAGES_DOCUMENT_MAX || !inflate_all(text, len, &plain) ||
	    json_parse(SECTION, strbuf_str(&plain), plain.len, &a, &doc, NULL) < 0)
		return 0;
	list = json_get(doc, "packages");
	for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->len && r >= 0; i++)
		r = add_crate(p, &list->items[i], where, e);
	return r;
}
