/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WWW-Authenticate, as RFC 9110 section 11 writes it: several challenges in one
 * header, each a scheme with a token68 or a list of name=value, values quoted or
 * not.  What a registry sends is not trusted: sizes and counts are bounded.
 */
#ifndef IMAGETOOL_REGISTRY_CHALLENGE_H
#define IMAGETOOL_REGISTRY_CHALLENGE_H

#include "libutil/alloc.h"
#include "libutil/err.h"

#define CHALLENGE_TEXT_MAX 8192
#define CHALLENGE_PARAMS   16
#define CHALLENGES_MAX     8

struct challenge {
	const char *scheme; /* as written; compare without case */
	struct {
		const char *name, *value;
	} params[CHALLENGE_PARAMS];
	size_t n_params;
};

struct challenges {
	struct challenge items[CHALLENGES_MAX];
	size_t n;
};

/* Add the challenges of one header value to the list; on failure the list is as before.
 * Strings live in `a`. */
int challenge_parse(const char *value, struct arena *a, struct challenges *list, struct err *e);
/* The first challenge of a scheme, or NULL. */
const struct challenge *challenge_find(const struct challenges *list, const char *scheme);
/* A parameter's value, or NULL. */
const char *challenge_get(const struct challenge *c, const char *name);

#endif
