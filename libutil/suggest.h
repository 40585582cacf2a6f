/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the known word that is nearest to a mistyped one. */
#ifndef LIBUTIL_SUGGEST_H
#define LIBUTIL_SUGGEST_H

struct suggest {
	const char *typed;
	const char *best; /* NULL while nothing is near enough; one of the words given to _try */
	unsigned distance;
};

/* Start with `struct suggest s = { .typed = word };`, then offer each known word. */
void suggest_try(struct suggest *s, const char *known);

#endif
