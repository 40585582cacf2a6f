/* SPDX-License-Identifier: Apache-2.0 */
/* An instruction's line cut into words; quotes and escapes stay in them. */
#ifndef IMAGETOOL_DOCKERFILE_WORDS_H
#define IMAGETOOL_DOCKERFILE_WORDS_H

#include "imagetool/dockerfile/instructions.h"
#include "imagetool/dockerfile/lines.h"

struct words {
	const char **items; /* in the arena */
	size_t n, cap;
};

int words_add(struct words *w, const char *word, struct arena *a, struct err *e);
/* At blanks outside quotes; an escape keeps the character behind it from meaning anything. */
int words_split(const char *text, char escape, struct arena *a, struct words *ret, struct err *e);
/* At blanks, whatever they stand in. */
int words_split_plain(const char *text, struct arena *a, struct words *ret, struct err *e);

/* Take "--name[=value]" words off the front of *text. Here quotes and backslashes are taken away.
 */
int flags_take(const char **text, const struct flag_row *known, struct arena *a,
	       struct instruction *ret, struct err *e);

#endif
