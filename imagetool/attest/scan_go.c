/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go programs carry the modules they were made of, behind a magic; from Go 1.18 on as
 * two texts with their lengths in front.  They are a section; in a program that has no
 * names of sections any more they lie at the beginning of the first writable segment,
 * unless a linker of C's made it.  Only 64-bit little-endian ELF files are read.
 */
#include <elf.h>

#include "imagetool/attest/elf_section.h"
#include "imagetool/attest/lines.h"
#include "imagetool/attest/packages.h"

#define SECTION      ".go.buildinfo"
#define MAGIC        "\xff Go buildinf:"
#define MAGIC_SIZE   14
#define HEADER_SIZE  32
#define INLINE_TEXTS 2 /* flag: no pointers */
#define SEARCH_MAX   ((size_t)64 << 10)
#define SENTINEL     16 /* bytes before and behind the list of modules */

/* ---- Where it is ---- */

static bool read_varint(const unsigned char *p, size_t len, size_t *at, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 63 && *at < len; shift += 7) {
		unsigned char c = p[(*at)++];

		*ret |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
	}
	return false;
}

static bool read_text(const unsigned char *p, size_t len, size_t *at, const char **ret,
		      size_t *ret_len)
{
	uint64_t n;

	if (!read_varint(p, len, at, &n) || n > len - *at)
		return false;
	*ret = (const char *)p + *at;
	*ret_len = (size_t)n;
	*at += (size_t)n;
	return true;
}

static int read_info(const unsigned char *p, size_t len, struct go_info *ret)
{
	size_t at = HEADER_SIZE;

	if (len < HEADER_SIZE || !(p[15] & INLINE_TEXTS))
		return 0;
	if (!read_text(p, len, &at, &ret->version, &ret->version_len) ||
	    !read_text(p, len, &at, &ret->modules, &ret->modules_len))
		return 0;
	if (ret->modules_len < 2 * SENTINEL) { /* built without modules */
		ret->modules_len = 0;
		return 1;
	}
	ret->modules += SENTINEL;
	ret->modules_len -= 2 * SENTINEL;
	return 1;
}

static int search(const unsigned char *p, size_t len, struct go_info *ret)
{
	for (size_t at = 0; at + HEADER_SIZE <= len && at < SEARCH_MAX; at += 16)
		if (memcmp(p + at, MAGIC, MAGIC_SIZE) == 0)
			return read_info(p + at, len - at, ret);
	return 0;
}

static bool is_elf(const unsigned char *file, size_t len, Elf64_Ehdr *ret)
{
	if (len < sizeof(*ret) || memcmp(file, ELFMAG, SELFMAG) != 0 ||
	    file[EI_CLASS] != ELFCLASS64 || file[EI_DATA] != ELFDATA2LSB)
		return false;
	memcpy(ret, file, sizeof(*ret));
	return ret->e_phentsize == sizeof(Elf64_Phdr) && ret->e_phoff < len &&
	       ret->e_phnum <= (len - ret->e_phoff) / sizeof(Elf64_Phdr);
}

int find_go_info(const unsigned char *file, size_t len, struct go_info *ret)
{
	const unsigned char *section;
	size_t section_len;
	Elf64_Ehdr head;

	if (elf_section(file, len, SECTION, &section, &section_len))
		return search(section, section_len, ret);
	if (!is_elf(file, len, &head))
		return 0;
	for (size_t i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr s;

		memcpy(&s, file + head.e_phoff + i * sizeof(s), sizeof(s));
		if (s.p_type != PT_LOAD || (s.p_flags & (PF_X | PF_W)) != PF_W || s.p_offset >= len)
			continue;
		return search(file + s.p_offset, len - s.p_offset, ret);
	}
	return 0;
}

/* ---- What it says ---- */

/* "go1.22.1", "go1.22.1 X:experiment"; what is no release ("devel ...") is no version. */
int parse_go_version(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e)
{
	const char *blank = memchr(text, ' ', len);
	size_t n = blank ? (size_t)(blank - text) : len;

	if (n < 3 || memcmp(text, "go", 2) != 0 || text[2] < '0' || text[2] > '9')
		return 0;
	return packages_add(p,
			    &(struct package){ .kind = PACKAGE_GOLANG,
					       .name = "stdlib",
					       .version = arena_strndup(&p->arena, text + 2, n - 2),
					       .license = "BSD-3-Clause",
					       .where = where },
			    e);
}

/* The field behind `at`, up to the next tab. */
static struct line next_field(struct line *rest)
{
	const char *tab = memchr(rest->text, '\t', rest->len);
	struct line field = { rest->text, tab ? (size_t)(tab - rest->text) : rest->len };

	rest->text += field.len + (tab != NULL);
	rest->len -= field.len + (tab != NULL);
	return field;
}

/* "dep\tNAME\tVERSION\tSUM"; "=>" replaces the module before it. */
static int read_module(struct packages *p, const struct line *l, struct package *last,
		       struct err *e)
{
	struct line rest = *l, name, version;
	struct line kind = next_field(&rest);
	bool replaces = kind.len == 2 && memcmp(kind.text, "=>", 2) == 0;
	int r = 0;

	if (!replaces && !(kind.len == 3 &&
			   (memcmp(kind.text, "dep", 3) == 0 || memcmp(kind.text, "mod", 3) == 0)))
		return 0;
	name = next_field(&rest);
	version = next_field(&rest);
	/* A directory of the machine that built is no name. */
	if (replaces && name.len && (*name.text == '.' || *name.text == '/'))
		return 0;
	if (!replaces)
		r = packages_add(p, last, e);
	last->name = arena_strndup(&p->arena, name.text, name.len);
	last->version = arena_strndup(&p->arena, version.text, version.len);
	return r;
}

int parse_go_modules(struct packages *p, const char *text, size_t len, const char *where,
		     struct err *e)
{
	const char *end = text + len;
	struct package last = { .kind = PACKAGE_GOLANG, .where = where };
	struct line l;
	int r = 0;

	while (r >= 0 && line_next(&text, end, &l))
		r = read_module(p, &l, &last, e);
	return r < 0 ? r : packages_add(p, &last, e);
}
