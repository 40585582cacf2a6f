/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the program git is told who we are: by its environment, since arguments are for everybody to
 * read, and only for the servers that it is meant for.
 *
 * Names and passwords are told by a credential helper, which git asks again, for that host, when a
 * redirect led it elsewhere.  A header goes wherever git goes, so that redirects are not followed.
 */
#ifndef IMAGETOOL_STEP_GIT_KEYS_H
#define IMAGETOOL_STEP_GIT_KEYS_H

#include "imagetool/step/fetch_keys.h"

/* The URL without what opens its server: owned.  ssh keeps the user's name. */
char *git_keys_plain_url(const char *url);

/* Appends to its environment what `url`, as it was written, and the keys (may be NULL) say. */
int git_keys_environment(const struct fetch_keys *k, const char *url, struct strv *env,
			 struct err *e);

#endif
