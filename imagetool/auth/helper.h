/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credential helpers: docker-credential-NAME, found in PATH, run without a shell.
 * What they print is bounded and checked; the time they take is limited; secrets go
 * over their standard input and output only.
 */
#ifndef IMAGETOOL_AUTH_HELPER_H
#define IMAGETOOL_AUTH_HELPER_H

#include "imagetool/auth/credential.h"
#include "libutil/strv.h"

#define HELPER_TIMEOUT_S  60
#define HELPER_OUTPUT_MAX ((size_t)256 << 10)

struct helper {
	const char *name;   /* what follows "docker-credential-" */
	unsigned timeout_s; /* 0: HELPER_TIMEOUT_S */
	int wakefd;         /* a descriptor that ends the wait when it is readable, or -1 */
};

/* 1: it has one; 0: it has none. */
int helper_get(const struct helper *h, const char *server, struct credential *ret, struct err *e);
int helper_store(const struct helper *h, const char *server, const struct credential *c,
		 struct err *e);
/* 1: erased; 0: there was none. */
int helper_erase(const struct helper *h, const char *server, struct err *e);
/* Adds the servers it has. */
int helper_list(const struct helper *h, struct strv *servers, struct err *e);

#endif
