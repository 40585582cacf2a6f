/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What opens servers' doors to a build: secrets under the names that BuildKit gives them, and the
 * agent or the keys of --ssh default.
 *
 *   GIT_AUTH_HEADER, GIT_AUTH_TOKEN           repositories by http(s); with ".HOST" behind the name
 *                                             for that host alone, and before the others
 *   HTTP_AUTH_HEADER_HOST, HTTP_AUTH_TOKEN_HOST   files of that host
 *
 * A value opens its server and does nothing else: it is in no key, message or argument.
 */
#ifndef IMAGETOOL_STEP_FETCH_KEYS_H
#define IMAGETOOL_STEP_FETCH_KEYS_H

#include "imagetool/step/run.h"
#include "libutil/cleanup.h"

struct fetch_keys {
	const struct run_secret *secrets;
	size_t n_secrets;
	const struct run_ssh *ssh;
	size_t n_ssh;
};

/* The header's value for a file; *ret is owned, NULL: none. */
int fetch_keys_http(const struct fetch_keys *k, const char *url, char **ret, struct err *e);

/* The same for a repository. */
struct fetch_git_key {
	char *text;    /* owned; NULL: none */
	bool is_token; /* else the value of a header */
};

void fetch_git_key_done(struct fetch_git_key *key);
AUTO_DEFINE_DONE(fetch_git_key, fetch_git_key_done)
int fetch_keys_git(const struct fetch_keys *k, const char *url, struct fetch_git_key *ret,
		   struct err *e);

#endif
