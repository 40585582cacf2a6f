/* SPDX-License-Identifier: Apache-2.0 */
/* What the package managers of distributions wrote down. */
#include "imagetool/attest/lines.h"
#include "imagetool/attest/packages.h"

/* One paragraph on its way; the last of equal keys counts. */
struct paragraph {
	struct line name, version, arch, license, origin, status;
};

struct key {
	const char *word;
	size_t offset;
};

#define KEY(word, member)                                                                          \
	{                                                                                          \
		(word), offsetof(struct paragraph, member)                                         \
	}

static void read_line(const struct key *keys, const struct line *l, struct paragraph *ret)
{
	struct line value;

	for (; keys->word; keys++)
		if (line_value(l, keys->word, &value))
			*(struct line *)(void *)((char *)ret + keys->offset) = value;
}

static const char *text_of(struct arena *a, struct line l)
{
	return l.len ? arena_strndup(a, l.text, l.len) : NULL;
}

static int add(struct packages *p, enum package_kind kind, const struct paragraph *g,
	       const char *where, struct err *e)
{
	const struct package one = { .kind = kind,
				     .name = text_of(&p->arena, g->name),
				     .version = text_of(&p->arena, g->version),
				     .arch = text_of(&p->arena, g->arch),
				     .license = text_of(&p->arena, g->license),
				     .origin = text_of(&p->arena, g->origin),
				     .where = where };

	return packages_add(p, &one, e);
}

/* Each paragraph ends in an empty line, or with the text. */
static int parse(struct packages *p, enum package_kind kind, const struct key *keys,
		 bool (*counts)(const struct paragraph *g), const char *text, size_t len,
		 const char *where, struct err *e)
{
	const char *end = text + len;
	struct paragraph g = { 0 };
	struct line l;
	int r = 0;

	while (r >= 0 && line_next(&text, end, &l)) {
		if (l.len > 0) {
			read_line(keys, &l, &g);
			continue;
		}
		if (counts(&g))
			r = add(p, kind, &g, where, e);
		g = (struct paragraph){ 0 };
	}
	return r >= 0 && counts(&g) ? add(p, kind, &g, where, e) : r;
}

/* ---- dpkg ---- */

/* "install ok installed"; distroless images leave it out. */
static bool is_installed(const struct paragraph *g)
{
	static const char word[] = " installed";
	size_t len = strlen(word);

	return g->status.len == 0 || (g->status.len >= len &&
				      memcmp(g->status.text + g->status.len - len, word, len) == 0);
}

int parse_dpkg_status(struct packages *p, const char *text, size_t len, const char *where,
		      struct err *e)
{
	static const struct key keys[] = {
		KEY("Package:", name),  KEY("Version:", version), KEY("Architecture:", arch),
		KEY("Status:", status), KEY("Source:", origin),   { NULL, 0 },
	};

	return parse(p, PACKAGE_DEB, keys, is_installed, text, len, where, e);
}

/* ---- apk ---- */

static bool is_any(const struct paragraph *g UNUSED)
{
	return true;
}

int parse_apk_installed(struct packages *p, const char *text, size_t len, const char *where,
			struct err *e)
{
	static const struct key keys[] = {
		KEY("P:", name),    KEY("V:", version), KEY("A:", arch),
		KEY("L:", license), KEY("o:", origin),  { NULL, 0 },
	};

	return parse(p, PACKAGE_APK, keys, is_any, text, len, where, e);
}
