/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/glob.h"

#include <stdlib.h>

#include "libutil/alloc.h"
#include "libutil/utf8.h"

/* One place of a pattern: where matching stands is a set of them. */
struct place {
	enum { PLACE_TEXT, PLACE_ONE, PLACE_ANY } kind;
	char byte; /* TEXT */
};

static size_t compile(const char *pattern, struct place *places)
{
	size_t n = 0;

	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			places[n++].kind = PLACE_ANY;
		} else if (*pattern == '?') {
			places[n++].kind = PLACE_ONE;
		} else {
			if (*pattern == '\\' && pattern[1])
				pattern++;
			places[n++] = (struct place){ PLACE_TEXT, *pattern };
		}
	}
	return n;
}

/* '*' matches nothing, too: who stands before it also stands behind it. */
static void pass_stars(const struct place *places, size_t n, bool *at)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] && places[i].kind == PLACE_ANY)
			at[i + 1] = true;
}

/* Move every place on by one byte; `starts` tells whether a character begins with it. Returns
 * whether any is left. */
static bool step(const struct place *places, size_t n, bool *at, char c, bool starts)
{
	bool alive = false;

	/* From the back, so that nobody moves twice. */
	for (size_t i = n + 1; i-- > 0;) {
		bool stays = i < n && at[i] && places[i].kind == PLACE_ANY;
		bool came = i > 0 && at[i - 1] &&
			    ((places[i - 1].kind == PLACE_TEXT && places[i - 1].byte == c) ||
			     (places[i - 1].kind == PLACE_ONE && starts));
		/* The further bytes of a character belong to the '?' that took its first. */
		bool same = i > 0 && at[i] && places[i - 1].kind == PLACE_ONE && !starts;

		at[i] = stays || came || same;
		alive = alive || at[i];
	}
	return alive;
}

static bool begins_character(const char *text, size_t len, size_t i, size_t *next)
{
	size_t n;

	if (i < *next)
		return false;
	n = utf8_length(text + i, len - i);
	*next = i + (n ? n : 1);
	return true;
}

ssize_t glob_prefix(const char *pattern, const char *text, size_t len, bool longest)
{
	size_t room = strlen(pattern), n, next = 0;
	autofree struct place *places = xcalloc(room + 1, sizeof(*places));
	autofree bool *at = xcalloc(room + 1, sizeof(*at));
	ssize_t found = -1;

	n = compile(pattern, places);
	at[0] = true;
	pass_stars(places, n, at);
	for (size_t i = 0;; i++) {
		/* In the midst of a character nothing ends. */
		if (at[n] && i >= next)
			found = (ssize_t)i;
		if (i == len || (found >= 0 && !longest))
			return found;
		if (!step(places, n, at, text[i], begins_character(text, len, i, &next)))
			return found;
		pass_stars(places, n, at);
	}
}
