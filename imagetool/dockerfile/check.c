/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

#include "imagetool/dockerfile/lines.h"
#include "libutil/parse.h"
#include "libutil/strv.h"

#define URL "https://docs.docker.com/go/dockerfile/rule/"

static const struct {
	const char *name, *url, *about;
	bool experimental;
} rules[] = {
	[CHECK_STAGE_NAME_CASING] = { "StageNameCasing", URL "stage-name-casing/",
				      "Stage names should be lowercase", false },
	[CHECK_FROM_AS_CASING] = { "FromAsCasing", URL "from-as-casing/",
				   "The 'as' keyword should match the case of the 'from' keyword",
				   false },
	[CHECK_NO_EMPTY_CONTINUATION] = { "NoEmptyContinuation", URL "no-empty-continuation/",
					  "Empty continuation lines will become errors in a future release",
					  false },
	[CHECK_CONSISTENT_INSTRUCTION_CASING] = { "ConsistentInstructionCasing",
						  URL "consistent-instruction-casing/",
						  "All commands within the Dockerfile should use the same casing (either upper or lower)",
						  false },
	[CHECK_DUPLICATE_STAGE_NAME] = { "DuplicateStageName", URL "duplicate-stage-name/",
					 "Stage names should be unique", false },
	[CHECK_RESERVED_STAGE_NAME] = { "ReservedStageName", URL "reserved-stage-name/",
					"Reserved words should not be used as stage names", false },
	[CHECK_JSON_ARGS_RECOMMENDED] = { "JSONArgsRecommended", URL "json-args-recommended/",
					  "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
					  false },
	[CHECK_MAINTAINER_DEPRECATED] = { "MaintainerDeprecated", URL "maintainer-deprecated/",
					  "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
					  false },
	[CHECK_UNDEFINED_ARG_IN_FROM] = { "UndefinedArgInFrom", URL "undefined-arg-in-from/",
					  "FROM command must use declared ARGs", false },
	[CHECK_UNDEFINED_VAR] = { "UndefinedVar", URL "undefined-var/",
				  "Variables should be defined before their use", false },
	[CHECK_WORKDIR_RELATIVE_PATH] = { "WorkdirRelativePath", URL "workdir-relative-path/",
					  "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes",
					  false },
	[CHECK_MULTIPLE_INSTRUCTIONS_DISALLOWED] = { "MultipleInstructionsDisallowed",
						     URL "multiple-instructions-disallowed/",
						     "Multiple instructions of the same type should not be used in the same stage",
						     false },
	[CHECK_LEGACY_KEY_VALUE_FORMAT] = { "LegacyKeyValueFormat", URL "legacy-key-value-format/",
					    "Legacy key/value format with whitespace separator should not be used",
					    false },
	[CHECK_REDUNDANT_TARGET_PLATFORM] = { "RedundantTargetPlatform",
					      URL "redundant-target-platform/",
					      "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
					      false },
	[CHECK_SECRETS_USED_IN_ARG_OR_ENV] = { "SecretsUsedInArgOrEnv",
					       URL "secrets-used-in-arg-or-env/",
					       "Sensitive data should not be used in the ARG or ENV commands",
					       false },
	[CHECK_INVALID_DEFAULT_ARG_IN_FROM] = { "InvalidDefaultArgInFrom",
						URL "invalid-default-arg-in-from/",
						"Default value for global ARG results in an empty or invalid base image name",
						false },
	[CHECK_FROM_PLATFORM_FLAG_CONST_DISALLOWED] = { "FromPlatformFlagConstDisallowed",
							URL "from-platform-flag-const-disallowed/",
							"FROM --platform flag should not use a constant value",
							false },
	[CHECK_COPY_IGNORED_FILE] = { "CopyIgnoredFile", URL "copy-ignored-file/",
				      "Attempting to Copy file that is excluded by .dockerignore",
				      false },
	[CHECK_INVALID_DEFINITION_DESCRIPTION] = { "InvalidDefinitionDescription",
						   URL "invalid-definition-description/",
						   "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.",
						   true },
	[CHECK_EXPOSE_PROTO_CASING] = { "ExposeProtoCasing", URL "expose-proto-casing/",
					"Protocol in EXPOSE instruction should be lowercase",
					false },
	[CHECK_EXPOSE_INVALID_FORMAT] = { "ExposeInvalidFormat", URL "expose-invalid-format/",
					  "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release",
					  false },
	[CHECK_INVALID_BASE_IMAGE_PLATFORM] = { "InvalidBaseImagePlatform", NULL,
						"Base image platform does not match expected target platform",
						false },
};

const char *check_name(enum check_rule rule)
{
	return rules[rule].name;
}

const char *check_url(enum check_rule rule)
{
	return rules[rule].url;
}

const char *check_about(enum check_rule rule)
{
	return rules[rule].about;
}

/* ---- Which rules count ---- */

/* Rules that are not known are those of a later front end: nothing to skip, no reason to fail. */
static uint32_t find_rule(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strlen(rules[i].name) == name.len &&
		    strncasecmp(rules[i].name, name.p, name.len) == 0)
			return 1U << i;
	return 0;
}

static uint32_t find_rules(const char *list)
{
	auto_(strv) struct strv names = { 0 };
	uint32_t found = 0;

	if (strcasecmp(list, "all") == 0)
		return (1U << CHECK_RULES) - 1;
	strv_split(&names, list, ',', true);
	for (size_t i = 0; i < names.n; i++)
		found |= find_rule(span_trim((struct span){ names.v[i], strlen(names.v[i]) }));
	return found;
}

static int set_one(struct checks *c, const char *word, struct err *e)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : 0;
	struct span key = span_trim((struct span){ word, len });
	struct span value = equals ? span_trim((struct span){ equals + 1, strlen(equals + 1) })
				   : (struct span){ "", 0 };
	autofree char *text = xstrndup(value.p, value.len);

	if (key.len == 4 && strncasecmp(key.p, "skip", 4) == 0) {
		c->skipped = find_rules(text);
		return 0;
	}
	if (key.len == 12 && strncasecmp(key.p, "experimental", 12) == 0) {
		c->experimental = find_rules(text);
		return 0;
	}
	if (key.len == 5 && strncasecmp(key.p, "error", 5) == 0 && parse_bool(text, &c->fail) == 0)
		return 0;
	return err_set(e, EINVAL,
		       "'%.80s' is no order for checks: there are skip=RULES|all, error=true|false "
		       "and experimental=RULES|all",
		       word);
}

int check_configure(struct checks *c, const char *text, struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	int r = 0;

	if (!text)
		return 0;
	strv_split(&words, text, ';', true);
	for (size_t i = 0; i < words.n && r >= 0; i++)
		r = set_one(c, words.v[i], e);
	return r < 0 ? err_wrap(e, r, "check") : 0;
}

static void PRINTF(5, 0) add(struct checks *c, enum check_rule rule, unsigned first_line,
			     unsigned last_line, const char *fmt, va_list ap)
{
	bool off = rules[rule].experimental && !(c->experimental & (1U << rule));
	autofree char *message = NULL;

	if (off || (c->skipped & (1U << rule)) || c->n == CHECK_FINDINGS_MAX)
		return;
	message = xvasprintf(fmt, ap);
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 8;
		c->items = arena_grow(c->arena, c->items, c->n, c->cap, sizeof(*c->items));
	}
	c->items[c->n++] =
		(struct finding){ rule, arena_strdup(c->arena, message), first_line, last_line };
}

void check_add(struct checks *c, enum check_rule rule, unsigned first_line, unsigned last_line,
	       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(c, rule, first_line, last_line, fmt, ap);
	va_end(ap);
}

/* "# check=skip=RULE" above an instruction is about that one; wrong ones say nothing. */
static void take_comment(struct checks *c, const char *comment)
{
	static const char word[] = "check";

	for (; *comment; comment += strcspn(comment, "\n"), comment += *comment == '\n') {
		const char *p = comment + strspn(comment, " \t");
		autofree char *text = NULL;

		if (strncasecmp(p, word, strlen(word)) != 0)
			continue;
		p += strlen(word);
		p += strspn(p, " \t");
		if (*p++ != '=')
			continue;
		p += strspn(p, " \t");
		text = xstrndup(p, strcspn(p, " \n"));
		(void)check_configure(c, text, NULL);
		return;
	}
}

void check_report(struct checks *c, enum check_rule rule, const struct instruction *i,
		  const char *fmt, ...)
{
	uint32_t skipped = c->skipped, experimental = c->experimental;
	bool fail = c->fail;
	va_list ap;

	take_comment(c, i->comment);
	c->skipped |= skipped;
	c->experimental |= experimental;
	va_start(ap, fmt);
	add(c, rule, i->first_line, i->last_line, fmt, ap);
	va_end(ap);
	c->skipped = skipped;
	c->experimental = experimental;
	c->fail = fail;
}

/* ---- Showing a place ---- */

/* Two lines before it and two behind. */
#define EXCERPT_AROUND 2
#define EXCERPT_WIDTH  4096 /* bytes of a line */

void source_excerpt(struct strbuf *out, const char *name, const char *text, size_t len,
		    unsigned first_line, unsigned last_line)
{
	static const char rule[] = "--------------------";
	struct line_reader r = { .text = text, .len = len };
	struct span s;

	strbuf_addf(out, "%s:%u\n%s\n", name, first_line, rule);
	while (r.line < last_line + EXCERPT_AROUND && line_next(&r, &s)) {
		bool marked = r.line >= first_line && r.line <= last_line;

		if (r.line + EXCERPT_AROUND < first_line)
			continue;
		strbuf_addf(out, "%4u | %s ", r.line, marked ? ">>>" : "   ");
		strbuf_add_printable(out, s.p, s.len < EXCERPT_WIDTH ? s.len : EXCERPT_WIDTH, "\t");
		if (s.len > EXCERPT_WIDTH)
			strbuf_adds(out, "...");
		strbuf_addc(out, '\n');
	}
	strbuf_addf(out, "%s\n", rule);
}
