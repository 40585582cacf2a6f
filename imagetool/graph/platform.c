/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that are there without being declared: the platforms', and the target's name. */
#include <ctype.h>

#include "imagetool/graph/internal.h"

static const char *os_of(const struct platform *p)
{
	return p->os;
}

static const char *arch_of(const struct platform *p)
{
	return p->arch;
}

static const char *variant_of(const struct platform *p)
{
	return p->variant;
}

static const char *no_version(const struct platform *p UNUSED)
{
	return "";
}

static const struct {
	const char *build, *target;
	const char *(*get)(const struct platform *p); /* NULL: all of it */
} rows[] = {
	{ "BUILDPLATFORM", "TARGETPLATFORM", NULL },         { "BUILDOS", "TARGETOS", os_of },
	{ "BUILDOSVERSION", "TARGETOSVERSION", no_version }, { "BUILDARCH", "TARGETARCH", arch_of },
	{ "BUILDVARIANT", "TARGETVARIANT", variant_of },
};

static const char *value_of(const struct builder *b, const struct platform *p, size_t row)
{
	char text[PLATFORM_TEXT_SIZE];

	return arena_strdup(b->arena, rows[row].get ? rows[row].get(p) : platform_text(p, text));
}

/* --build-arg goes before what is so. */
static void set(struct vars *v, const struct builder *b, const char *name, const char *value)
{
	const char *given = vars_get(&b->build_args, name);

	vars_set(v, name, given ? given : value);
}

static const char *lower(const struct builder *b, const char *text)
{
	char *ret = arena_strdup(b->arena, text);

	for (char *c = ret; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return ret;
}

void platform_args_set(struct vars *v, const struct builder *b, const struct platform *target)
{
	const char *stage = b->opts->target;
	const struct instruction *last = NULL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		set(v, b, rows[i].build, value_of(b, &b->opts->build_platform, i));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		set(v, b, rows[i].target, value_of(b, target, i));
	for (size_t i = b->file->n; i-- > 0 && !last;)
		if (b->file->items[i].kind == INSTRUCTION_FROM)
			last = &b->file->items[i];
	if (!stage || !*stage)
		stage = last && last->n_words == 3 ? lower(b, last->words[2]) : "default";
	set(v, b, "TARGETSTAGE", stage);
}

bool platform_is_same(const struct platform *a, const struct platform *b)
{
	return streq(a->os, b->os) && streq(a->arch, b->arch) && streq(a->variant, b->variant);
}
