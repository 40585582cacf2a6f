/* SPDX-License-Identifier: Apache-2.0 */
/* The checks that need no more than the text. */
#include <ctype.h>
#include <strings.h>

#include "imagetool/dockerfile/check.h"
#include "imagetool/platform.h"

/* More stages than a build may have are not compared with one another. */
#define NAMED_MAX 1000

struct checker {
	struct checks *checks;
	const struct dockerfile *file;
	unsigned upper, lower; /* keywords written all in capitals, all in small letters */
	unsigned n_named;      /* stages with names so far */
};

enum casing { CASING_NONE, CASING_LOWER, CASING_UPPER, CASING_MIXED };

static enum casing casing_of(const char *text)
{
	bool upper = false, lower = false;

	for (; *text; text++) {
		upper = upper || isupper((unsigned char)*text);
		lower = lower || islower((unsigned char)*text);
	}
	if (upper && lower)
		return CASING_MIXED;
	return upper ? CASING_UPPER : lower ? CASING_LOWER : CASING_NONE;
}

#define ADD(c, rule, i, ...) check_report((c)->checks, rule, i, __VA_ARGS__)

/* ---- Keywords ---- */

static void count_casing(struct checker *c, const struct instruction *i)
{
	enum casing casing = casing_of(i->keyword);

	c->upper += casing == CASING_UPPER;
	c->lower += casing == CASING_LOWER;
}

static void check_casing(const struct checker *c, const struct instruction *i)
{
	bool want_lower = c->lower > c->upper;

	if (casing_of(i->keyword) == (want_lower ? CASING_LOWER : CASING_UPPER))
		return;
	ADD(c, CHECK_CONSISTENT_INSTRUCTION_CASING, i,
	    "Command '%s' should match the case of the command majority (%s)", i->keyword,
	    want_lower ? "lowercase" : "uppercase");
}

/* ---- FROM ---- */

static bool is_duplicate(const struct checker *c, const struct instruction *from)
{
	for (const struct instruction *i = c->file->items; i < from; i++)
		if (i->kind == INSTRUCTION_FROM && i->n_words == 3 &&
		    strcasecmp(i->words[2], from->words[2]) == 0)
			return true;
	return false;
}

static char *lower_case(const char *text)
{
	char *ret = xstrdup(text);

	for (char *c = ret; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return ret;
}

static void check_stage_name(struct checker *c, const struct instruction *i)
{
	const char *name = i->words[2], *as = i->words[1];
	autofree char *lower = lower_case(name);
	enum casing keyword = casing_of(i->keyword);

	if (casing_of(name) != CASING_LOWER && casing_of(name) != CASING_NONE)
		ADD(c, CHECK_STAGE_NAME_CASING, i, "Stage name '%s' should be lowercase", name);
	if (keyword != casing_of(as) && keyword != CASING_MIXED)
		ADD(c, CHECK_FROM_AS_CASING, i, "'%s' and '%s' keywords' casing do not match", as,
		    i->keyword);
	if (streq(lower, "context") || streq(lower, "scratch"))
		ADD(c, CHECK_RESERVED_STAGE_NAME, i,
		    "Stage name should not use the same name as reserved stage \"%s\"", lower);
	if (c->n_named++ < NAMED_MAX && is_duplicate(c, i))
		ADD(c, CHECK_DUPLICATE_STAGE_NAME, i,
		    "Duplicate stage name \"%s\", stage names should be unique", lower);
}

/* "linux/arm64" is what a stage named after it is about; what is no platform is told elsewhere. */
static bool is_named_after(const struct instruction *from, const char *platform)
{
	autofree char *name = lower_case(from->n_words == 3 ? from->words[2] : "");
	struct platform p;

	platform_host(&p);
	return platform_parse(platform, &p, NULL) < 0 || strstr(name, p.os) || strstr(name, p.arch);
}

/* What it means with TARGETPLATFORM set, which it always is. */
static bool is_target_platform(const char *text)
{
	static const char *const begins[] = { "${TARGETPLATFORM:-", "${TARGETPLATFORM-" };
	size_t len = strlen(text);

	if (streq(text, "$TARGETPLATFORM") || streq(text, "${TARGETPLATFORM}"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (starts_with(text, begins[i]) && strcspn(text, "}") + 1 == len &&
		    !strchr(text + 1, '$'))
			return true;
	return false;
}

static void check_from(struct checker *c, const struct instruction *i)
{
	const char *platform = instruction_flag(i, "platform");

	if (i->n_words == 3)
		check_stage_name(c, i);
	if (!platform)
		return;
	if (is_target_platform(platform))
		ADD(c, CHECK_REDUNDANT_TARGET_PLATFORM, i,
		    "Setting platform to predefined %s in FROM is redundant as this is the default "
		    "behavior",
		    platform);
	else if (!strchr(platform, '$') && !is_named_after(i, platform))
		ADD(c, CHECK_FROM_PLATFORM_FLAG_CONST_DISALLOWED, i,
		    "FROM --platform flag should not use constant value \"%s\"", platform);
}

/* ---- Descriptions ---- */

/* "# NAME text" right above an ARG or a named stage describes it; anything else there is taken for
 * a description that went wrong. */
static void check_description(const struct checker *c, const struct instruction *i,
			      const char *name)
{
	const char *last = strrchr(i->comment, '\n');
	size_t len = strlen(name);

	last = last ? last + 1 : i->comment;
	if (!*last || (strncmp(last, name, len) == 0 && isspace((unsigned char)last[len])))
		return;
	ADD(c, CHECK_INVALID_DEFINITION_DESCRIPTION, i,
	    "Comment for %s should follow the format: `# %s <description>`",
	    instruction_name(i->kind), i->n_pairs > 1 ? "<arg_key>" : name);
}

/* ---- All ---- */

static void check_one(struct checker *c, const struct instruction *i)
{
	switch (i->kind) {
	case INSTRUCTION_FROM:
		check_from(c, i);
		if (i->n_words == 3)
			check_description(c, i, i->words[2]);
		break;
	case INSTRUCTION_MAINTAINER:
		ADD(c, CHECK_MAINTAINER_DEPRECATED, i,
		    "Maintainer instruction is deprecated in favor of using label");
		break;
	case INSTRUCTION_ARG:
		check_description(c, i, i->pairs[0].name);
		break;
	default:
		break;
	}
}

/* ARG above it is no instruction of a stage. */
static size_t first_stage(const struct dockerfile *f)
{
	size_t i = 0;

	while (i < f->n && f->items[i].kind != INSTRUCTION_FROM)
		i++;
	return i;
}

void dockerfile_check(struct checks *checks, const struct dockerfile *f)
{
	struct checker c = { .checks = checks, .file = f };

	for (size_t i = 0; i < f->n_remarks; i++)
		check_add(checks, CHECK_NO_EMPTY_CONTINUATION, f->remarks[i].first_line,
			  f->remarks[i].last_line, "Empty continuation line");
	for (size_t i = first_stage(f); i < f->n; i++)
		count_casing(&c, &f->items[i]);
	for (size_t i = first_stage(f); i < f->n; i++)
		check_casing(&c, &f->items[i]);
	for (size_t i = 0; i < f->n; i++)
		check_one(&c, &f->items[i]);
}
