/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who one is for a registry.  The secrets are wiped before their memory is given
 * back, and stand in no message and no log.
 */
#ifndef IMAGETOOL_AUTH_CREDENTIAL_H
#define IMAGETOOL_AUTH_CREDENTIAL_H

#include "libutil/cleanup.h"
#include "libutil/err.h"

/* Bytes of one secret; some token servers' tokens hold whole certificates. */
#define CREDENTIAL_SECRET_MAX ((size_t)64 << 10)

/* The user name by which helpers say that the secret is an identity token. */
#define CREDENTIAL_TOKEN_USER "<token>"

/* Each is owned, or NULL. */
struct credential {
	char *user;
	char *password;
	char *identity_token; /* exchanged for access tokens */
	char *registry_token; /* sent as it is */
	char *from;           /* the file or helper, for messages */
};

/* Wipes. */
void credential_done(struct credential *c);
AUTO_DEFINE_DONE(credential, credential_done)

static inline bool credential_is_empty(const struct credential *c)
{
	return !c->password && !c->identity_token && !c->registry_token;
}

void credential_copy(struct credential *to, const struct credential *from);
/* Wipe the text before it is freed; NULL is fine. */
void secret_free(char *text);
/* Of a helper, a file or a terminal: decides by the name what the secret is. */
void credential_set(struct credential *c, const char *user, const char *secret);

/* base64 of "user:password": what a Basic header and the "auth" of a file hold.  Owned. */
char *credential_basic(const struct credential *c);
/* The other way.  -EINVAL for what is no base64 or has no colon. */
int credential_from_basic(struct credential *c, const char *text, struct err *e);

#endif
