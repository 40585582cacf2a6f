/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of instructions as they take effect: those of stages nobody needs are not looked at.
 */
#include <ctype.h>
#include <strings.h>

#include "imagetool/dockerfile/check.h"

/* ---- CMD, ENTRYPOINT, HEALTHCHECK ---- */

static void check_single(struct checks *c, const struct instruction **last,
			 const struct instruction *i)
{
	if (*last)
		check_report(
			c, CHECK_MULTIPLE_INSTRUCTIONS_DISALLOWED, *last,
			"Multiple %s instructions should not be used in the same stage because only the "
			"last one will be used",
			i->keyword);
	*last = i;
}

static void check_command(struct checks *c, const struct instruction **last,
			  const struct instruction *i, bool has_shell)
{
	check_single(c, last, i);
	if (!i->json && i->n_words > 0 && !has_shell)
		check_report(
			c, CHECK_JSON_ARGS_RECOMMENDED, i,
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

static void check_pairs(struct checks *c, const struct instruction *i)
{
	if (i->legacy_pair)
		check_report(
			c, CHECK_LEGACY_KEY_VALUE_FORMAT, i,
			"\"%s key=value\" should be used instead of legacy \"%s key value\" format",
			i->keyword, i->keyword);
	if (i->kind == INSTRUCTION_LABEL)
		return;
	for (size_t n = 0; n < i->n_pairs; n++)
		if (looks_secret(i->pairs[n].name))
			check_report(
				c, CHECK_SECRETS_USED_IN_ARG_OR_ENV, i,
				"Do not use ARG or ENV instructions for sensitive data (%s \"%s\")",
				instruction_name(i->kind), i->pairs[n].name);
}

/* ---- EXPOSE ---- */

static bool has_capitals(const char *text)
{
	for (; *text; text++)
		if (isupper((unsigned char)*text))
			return true;
	return false;
}

void check_port(struct checks *c, const struct instruction *i, const char *port)
{
	const char *slash = strchr(port, '/');

	if (slash && has_capitals(slash + 1))
		check_report(c, CHECK_EXPOSE_PROTO_CASING, i,
			     "Defined protocol '%s' in EXPOSE instruction should be lowercase",
			     port);
	if (strchr(port, ':'))
		check_report(c, CHECK_EXPOSE_INVALID_FORMAT, i,
			     "EXPOSE instruction should not define an IP address or host-port "
			     "mapping, found '%s'",
			     port);
}

/* ---- All ---- */

void check_step(struct checks *c, struct check_stage *s, const struct instruction *i,
		bool has_shell)
{
	switch (i->kind) {
	case INSTRUCTION_CMD:
		check_command(c, &s->cmd, i, has_shell);
		break;
	case INSTRUCTION_ENTRYPOINT:
		check_command(c, &s->entrypoint, i, has_shell);
		break;
	case INSTRUCTION_HEALTHCHECK:
		check_single(c, &s->health, i);
		break;
	case INSTRUCTION_ARG:
	case INSTRUCTION_ENV:
	case INSTRUCTION_LABEL:
		check_pairs(c, i);
		break;
	default:
		break;
	}
}
