/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Token servers: distribution's docs/spec/auth/token.md (GET) and oauth.md (POST).
 * What they answer is not trusted: bounded in size and time, checked before it becomes part of a
 * header.
 */
#ifndef IMAGETOOL_REGISTRY_TOKEN_H
#define IMAGETOOL_REGISTRY_TOKEN_H

#include "imagetool/registry/session.h"

/* Seconds a token is good for when the server does not say, and the least it can say. */
#define TOKEN_LIFE_S 60

struct token {
	char *text;     /* owned, a secret */
	int64_t life_s; /* from now on */
};

/* Ask `realm` for r->wanted and the challenge's scope.  The credential may be empty.  `strict`: its
 * certificate is verified whatever the options say. */
int token_fetch(struct registry *r, const char *realm, const char *service,
		const struct scopes *scopes, const struct credential *c, bool strict,
		struct token *ret, struct err *e);

/* Of an answer's text.  Pure but for the clock. */
int token_parse(const char *text, size_t len, struct token *ret, struct err *e);

#endif
