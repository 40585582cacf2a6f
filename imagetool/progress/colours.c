/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/progress/colours.h"

#include <stdio.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/macro.h"
#include "libutil/parse.h"
#include "libutil/strv.h"

static const struct {
	const char *name;
	const char *code; /* of an SGR sequence */
} names[] = {
	{ "default", "39" },      { "black", "30" },       { "red", "31" },
	{ "green", "32" },        { "yellow", "33" },      { "blue", "34" },
	{ "magenta", "35" },      { "cyan", "36" },        { "white", "37" },
	{ "light-black", "90" },  { "light-red", "91" },   { "light-green", "92" },
	{ "light-yellow", "93" }, { "light-blue", "94" },  { "light-magenta", "95" },
	{ "light-cyan", "96" },   { "light-white", "97" },
};

static void set(char at[COLOUR_SIZE], const char *code)
{
	(void)snprintf(at, COLOUR_SIZE, "\033[%.12sm", code);
}

/* "R,G,B": the nearest of the 216 that every terminal with colours has. */
static bool set_mixed(char at[COLOUR_SIZE], const char *text)
{
	auto_(strv) struct strv parts = { 0 };
	uint32_t sum = 16, weight = 36;
	char code[COLOUR_SIZE];

	strv_split(&parts, text, ',', false);
	for (size_t i = 0; i < parts.n; i++, weight /= 6) {
		uint32_t part;

		if (parse_u32(parts.v[i], &part) < 0 || part > 255)
			return false;
		sum += weight * ((part * 5 + 127) / 255);
	}
	if (parts.n != 3)
		return false;
	(void)snprintf(code, sizeof(code), "38;5;%u", sum);
	set(at, code);
	return true;
}

static bool set_value(char at[COLOUR_SIZE], const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(names[i].name, text) == 0) {
			set(at, names[i].code);
			return true;
		}
	return set_mixed(at, text);
}

static bool set_word(struct colours *c, const char *word, size_t len)
{
	const struct {
		const char *name;
		char *at;
	} keys[] = { { "run=", c->run },
		     { "cancel=", c->cancel },
		     { "error=", c->error },
		     { "warning=", c->warning } };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		size_t skip = strlen(keys[i].name);

		if (len > skip && strncasecmp(word, keys[i].name, skip) == 0) {
			autofree char *value = xstrndup(word + skip, len - skip);

			return set_value(keys[i].at, value);
		}
	}
	return false;
}

const char *colours_choose(const char *none, const char *chosen, struct colours *ret)
{
	const char *unknown = NULL;

	*ret = (struct colours){ .run = "" };
	if (none && *none)
		return NULL;
	set(ret->run, "34");
	set(ret->cancel, "33");
	set(ret->error, "31");
	set(ret->warning, "33");
	set(ret->faint, "2");
	set(ret->off, "0");
	while (chosen && *chosen) {
		size_t len = strcspn(chosen, ":");

		if (len && !set_word(ret, chosen, len) && !unknown)
			unknown = chosen;
		chosen += len + (chosen[len] == ':');
	}
	return unknown;
}
