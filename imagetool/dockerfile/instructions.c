/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/instructions.h"

#include <strings.h>

#include "libutil/suggest.h"

static const struct flag_row no_flags[] = { { NULL, 0 } };

static const struct flag_row add_flags[] = {
	{ "checksum", 0 },
	{ "chmod", 0 },
	{ "chown", 0 },
	{ "exclude", FLAG_REPEATS },
	{ "keep-git-dir", FLAG_SWITCH },
	{ "link", FLAG_SWITCH },
	{ "unpack", FLAG_SWITCH },
	{ NULL, 0 },
};

static const struct flag_row copy_flags[] = {
	{ "chmod", 0 }, { "chown", 0 },          { "exclude", FLAG_REPEATS },
	{ "from", 0 },  { "link", FLAG_SWITCH }, { "parents", FLAG_SWITCH },
	{ NULL, 0 },
};

static const struct flag_row from_flags[] = { { "platform", 0 }, { NULL, 0 } };

static const struct flag_row health_flags[] = {
	{ "interval", 0 },       { "timeout", 0 }, { "start-period", 0 },
	{ "start-interval", 0 }, { "retries", 0 }, { NULL, 0 },
};

static const struct flag_row run_flags[] = {
	{ "device", FLAG_REPEATS },
	{ "mount", FLAG_REPEATS },
	{ "network", 0 },
	{ "security", 0 },
	{ NULL, 0 },
};

static const struct instruction_row rows[] = {
	[INSTRUCTION_ADD] = { "ADD", FORM_WORDS_OR_JSON, .heredocs = true, .flags = add_flags },
	[INSTRUCTION_ARG] = { "ARG", FORM_ARGUMENTS, .flags = no_flags },
	[INSTRUCTION_CMD] = { "CMD", FORM_COMMAND, .may_be_empty = true, .flags = no_flags },
	[INSTRUCTION_COPY] = { "COPY", FORM_WORDS_OR_JSON, .heredocs = true, .flags = copy_flags },
	[INSTRUCTION_ENTRYPOINT] = { "ENTRYPOINT", FORM_COMMAND, .may_be_empty = true,
				     .flags = no_flags },
	[INSTRUCTION_ENV] = { "ENV", FORM_PAIRS, .flags = no_flags },
	[INSTRUCTION_EXPOSE] = { "EXPOSE", FORM_WORDS, .flags = no_flags },
	[INSTRUCTION_FROM] = { "FROM", FORM_WORDS, .flags = from_flags },
	[INSTRUCTION_HEALTHCHECK] = { "HEALTHCHECK", FORM_HEALTH, .flags = health_flags },
	[INSTRUCTION_LABEL] = { "LABEL", FORM_PAIRS, .flags = no_flags },
	[INSTRUCTION_MAINTAINER] = { "MAINTAINER", FORM_TEXT, .flags = no_flags },
	[INSTRUCTION_ONBUILD] = { "ONBUILD", FORM_TRIGGER, .heredocs = true, .flags = no_flags },
	[INSTRUCTION_RUN] = { "RUN", FORM_COMMAND, .heredocs = true, .flags = run_flags },
	[INSTRUCTION_SHELL] = { "SHELL", FORM_JSON, .flags = no_flags },
	[INSTRUCTION_STOPSIGNAL] = { "STOPSIGNAL", FORM_TEXT, .flags = no_flags },
	[INSTRUCTION_USER] = { "USER", FORM_TEXT, .flags = no_flags },
	[INSTRUCTION_VOLUME] = { "VOLUME", FORM_WORDS_OR_JSON, .flags = no_flags },
	[INSTRUCTION_WORKDIR] = { "WORKDIR", FORM_TEXT, .flags = no_flags },
};

const struct instruction_row *instruction_row(enum instruction_kind kind)
{
	return &rows[kind];
}

const char *instruction_name(enum instruction_kind kind)
{
	return rows[kind].name;
}

const struct instruction_row *instruction_find(const char *keyword, size_t len,
					       enum instruction_kind *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strlen(rows[i].name) != len || strncasecmp(rows[i].name, keyword, len) != 0)
			continue;
		*ret = (enum instruction_kind)i;
		return &rows[i];
	}
	return NULL;
}

const char *instruction_suggest(const char *keyword)
{
	struct suggest s = { .typed = keyword };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		suggest_try(&s, rows[i].name);
	return s.best;
}

const char *instruction_flag(const struct instruction *i, const char *name)
{
	/* The last one counts where a flag may not repeat; those that may are walked. */
	for (size_t n = i->n_flags; n-- > 0;)
		if (streq(i->flags[n].name, name))
			return i->flags[n].value ? i->flags[n].value : "";
	return NULL;
}
