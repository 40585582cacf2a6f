/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crates of Rust: what Cargo wrote down beside the sources, and what cargo-auditable
 * puts into a program: section ".dep-v0", a JSON document that zlib compressed.  Only
 * 64-bit little-endian ELF files are read.
 */
#include <elf.h>
#include <zlib.h>

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

static bool read_section(const unsigned char *file, size_t len, const Elf64_Ehdr *head, size_t i,
			 Elf64_Shdr *ret)
{
	memcpy(ret, file + head->e_shoff + i * sizeof(*ret), sizeof(*ret));
	return ret->sh_type != SHT_NOBITS && ret->sh_offset <= len &&
	       ret->sh_size <= len - ret->sh_offset;
}

static bool has_sections(const unsigned char *file, size_t len, Elf64_Ehdr *ret)
{
	if (len < sizeof(*ret) || memcmp(file, ELFMAG, SELFMAG) != 0 ||
	    file[EI_CLASS] != ELFCLASS64 || file[EI_DATA] != ELFDATA2LSB)
		return false;
	memcpy(ret, file, sizeof(*ret));
	return ret->e_shentsize == sizeof(Elf64_Shdr) && ret->e_shoff < len &&
	       ret->e_shnum <= (len - ret->e_shoff) / sizeof(Elf64_Shdr) &&
	       ret->e_shstrndx < ret->e_shnum;
}

int find_rust_crates(const unsigned char *file, size_t len, const char **ret, size_t *ret_len)
{
	Elf64_Shdr names, s;
	Elf64_Ehdr head;

	if (!has_sections(file, len, &head) ||
	    !read_section(file, len, &head, head.e_shstrndx, &names))
		return 0;
	for (size_t i = 0; i < head.e_shnum; i++) {
		if (!read_section(file, len, &head, i, &s) || s.sh_name >= names.sh_size ||
		    names.sh_size - s.sh_name < sizeof(SECTION) ||
		    memcmp(file + names.sh_offset + s.sh_name, SECTION, sizeof(SECTION)) != 0)
			continue;
		*ret = (const char *)file + s.sh_offset;
		*ret_len = (size_t)s.sh_size;
		return 1;
	}
	return 0;
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
