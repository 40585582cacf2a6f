/* SPDX-License-Identifier: Apache-2.0 */
/* The checks that need no more than the text. */
#include <ctype.h>
#include <strings.h>

#include "imagetool/dockerfile/check.h"

/* More stages than a build may have are not compared with one another. */
#define NAMED_MAX 1000

struct checker {
	struct checks *checks;
	const struct dockerfile *file;
	unsigned upper, lower; /* keywords written all in capitals, all in small letters */
	unsigned n_named;      /* stages with names so far */
	const struct instruction *last_cmd, *last_entrypoint, *last_health; /* of this stage */
	bool shell_set; /* the stage's own SHELL: JSON is no better then */
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
	if (strcasecmp(name, "context") == 0 || strcasecmp(name, "scratch") == 0)
		ADD(c, CHECK_RESERVED_STAGE_NAME, i,
		    "Stage name should not use the same name as reserved stage \"%s\"", name);
	if (c->n_named++ < NAMED_MAX && is_duplicate(c, i))
		ADD(c, CHECK_DUPLICATE_STAGE_NAME, i,
		    "Duplicate stage name \"%s\", stage names should be unique", lower);
}

/* "linux/arm64" is what a stage named after it is about. */
static bool is_named_after(const struct instruction *from, const char *platform)
{
	const char *name = from->n_words == 3 ? from->words[2] : "";
	size_t os = strcspn(platform, "/"),
	       arch = platform[os] ? strcspn(platform + os + 1, "/") : 0;
	autofree char *first = xstrndup(platform, os);
	autofree char *second = xstrndup(platform + os + (arch > 0), arch);

	return (*first && strcasestr(name, first)) || (*second && strcasestr(name, second));
}

static void check_from(struct checker *c, const struct instruction *i)
{
	const char *platform = instruction_flag(i, "platform");

	c->last_cmd = c->last_entrypoint = c->last_health = NULL;
	c->shell_set = false;
	if (i->n_words == 3)
		check_stage_name(c, i);
	if (!platform)
		return;
	if (streq(platform, "$TARGETPLATFORM") || streq(platform, "${TARGETPLATFORM}"))
		ADD(c, CHECK_REDUNDANT_TARGET_PLATFORM, i,
		    "Setting platform to predefined %s in FROM is redundant as this is the default "
		    "behavior",
		    platform);
	else if (!strchr(platform, '$') && !is_named_after(i, platform))
		ADD(c, CHECK_FROM_PLATFORM_FLAG_CONST_DISALLOWED, i,
		    "FROM --platform flag should not use constant value \"%s\"", platform);
}

/* ---- CMD, ENTRYPOINT, HEALTHCHECK ---- */

static void check_single(const struct checker *c, const struct instruction **last,
			 const struct instruction *i)
{
	if (*last)
		ADD(c, CHECK_MULTIPLE_INSTRUCTIONS_DISALLOWED, *last,
		    "Multiple %s instructions should not be used in the same stage because only the "
		    "last one will be used",
		    i->keyword);
	*last = i;
}

static void check_command(const struct checker *c, const struct instruction **last,
			  const struct instruction *i)
{
	check_single(c, last, i);
	if (!i->json && i->n_words > 0 && !c->shell_set)
		ADD(c, CHECK_JSON_ARGS_RECOMMENDED, i,
		    "JSON arguments recommended for %s to prevent unintended behavior related to OS "
		    "signals",
		    i->keyword);
}

/* ---- Names of secrets ---- */

static bool is_one_of(const char *const *words, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], text, len) == 0)
			return true;
	return false;
}

/* Words between underscores say what it is for. */
static bool looks_secret(const char *name)
{
	static const char *const secret[] = { "apikey", "auth",     "credential", "credentials",
					      "key",    "password", "pword",      "passwd",
					      "secret", "token" };
	static const char *const fine[] = { "public", "file", "version" };
	bool found = false;

	for (const char *p = name;; p++) {
		size_t len = strcspn(p, "_");

		if (is_one_of(fine, ARRAY_LEN(fine), p, len))
			return false;
		found = found || is_one_of(secret, ARRAY_LEN(secret), p, len);
		p += len;
		if (!*p)
			return found;
	}
}

static void check_pairs(const struct checker *c, const struct instruction *i)
{
	if (i->legacy_pair)
		ADD(c, CHECK_LEGACY_KEY_VALUE_FORMAT, i,
		    "\"%s key=value\" should be used instead of legacy \"%s key value\" format",
		    i->keyword, i->keyword);
	if (i->kind == INSTRUCTION_LABEL)
		return;
	for (size_t n = 0; n < i->n_pairs; n++)
		if (looks_secret(i->pairs[n].name))
			ADD(c, CHECK_SECRETS_USED_IN_ARG_OR_ENV, i,
			    "Do not use ARG or ENV instructions for sensitive data (%s \"%s\")",
			    instruction_name(i->kind), i->pairs[n].name);
}

/* ---- EXPOSE ---- */

static void check_expose(const struct checker *c, const struct instruction *i)
{
	for (size_t n = 0; n < i->n_words; n++) {
		const char *word = i->words[n], *slash = strchr(word, '/');

		if (slash && casing_of(slash + 1) != CASING_LOWER &&
		    casing_of(slash + 1) != CASING_NONE)
			ADD(c, CHECK_EXPOSE_PROTO_CASING, i,
			    "Defined protocol '%s' in EXPOSE instruction should be lowercase",
			    word);
		/* A colon inside ${...} is a modifier's. */
		if (!strchr(word, '$') && strchr(word, ':'))
			ADD(c, CHECK_EXPOSE_INVALID_FORMAT, i,
			    "EXPOSE instruction should not define an IP address or host-port "
			    "mapping, found '%s'",
			    word);
	}
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
	check_casing(c, i);
	switch (i->kind) {
	case INSTRUCTION_FROM:
		check_from(c, i);
		if (i->n_words == 3)
			check_description(c, i, i->words[2]);
		break;
	case INSTRUCTION_CMD:
		check_command(c, &c->last_cmd, i);
		break;
	case INSTRUCTION_ENTRYPOINT:
		check_command(c, &c->last_entrypoint, i);
		break;
	case INSTRUCTION_HEALTHCHECK:
		check_single(c, &c->last_health, i);
		break;
	case INSTRUCTION_MAINTAINER:
		ADD(c, CHECK_MAINTAINER_DEPRECATED, i,
		    "Maintainer instruction is deprecated in favor of using label");
		break;
	case INSTRUCTION_ARG:
		check_description(c, i, i->pairs[0].name);
		check_pairs(c, i);
		break;
	case INSTRUCTION_ENV:
	case INSTRUCTION_LABEL:
		check_pairs(c, i);
		break;
	case INSTRUCTION_EXPOSE:
		check_expose(c, i);
		break;
	case INSTRUCTION_SHELL:
		c->shell_set = true;
		break;
	default:
		break;
	}
}

void dockerfile_check(struct checks *checks, const struct dockerfile *f)
{
	struct checker c = { .checks = checks, .file = f };

	for (size_t i = 0; i < f->n_remarks; i++)
		check_add(checks, CHECK_NO_EMPTY_CONTINUATION, f->remarks[i].first_line,
			  f->remarks[i].last_line, "Empty continuation line");
	for (size_t i = 0; i < f->n; i++)
		count_casing(&c, &f->items[i]);
	for (size_t i = 0; i < f->n; i++)
		check_one(&c, &f->items[i]);
}
