/* SPDX-License-Identifier: Apache-2.0 */
/* One file of credentials. */
#ifndef IMAGETOOL_AUTH_AUTH_FILE_H
#define IMAGETOOL_AUTH_AUTH_FILE_H

#include "imagetool/auth/credential.h"
#include "libutil/json.h"

struct auth_file {
	char *path;
	char *text; /* wiped; strings of the tree are copies in the arena, wiped as well */
	size_t len;
	struct arena arena;
	struct json *doc; /* an object; NULL when there is no file */
};

/* No file is none of an error. */
int auth_file_read(const char *path, struct auth_file *ret, struct err *e);
void auth_file_done(struct auth_file *f);
AUTO_DEFINE_DONE(auth_file, auth_file_done)

/* The helper for a host, or NULL. */
const char *auth_file_helper(const struct auth_file *f, const char *host);
/* What "auths" has.  1 or 0. */
int auth_file_find(const struct auth_file *f, const char *host, const char *repository,
		   struct credential *ret, struct err *e);

/*
 * Put `c` under `key` and take away what `gone` names (either may be NULL; "" is all), by
 * replacing the file; others who do the same at the same time wait.  How many were taken away.
 */
int auth_file_change(const char *path, const char *key, const struct credential *c,
		     const char *gone, struct err *e);

#endif
