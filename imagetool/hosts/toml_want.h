/* SPDX-License-Identifier: Apache-2.0 */
/* Members of tables that have to be of one kind; others are an error with the line. */
#ifndef IMAGETOOL_HOSTS_TOML_WANT_H
#define IMAGETOOL_HOSTS_TOML_WANT_H

#include "libutil/strv.h"
#include "libutil/toml.h"

/* Each leaves *ret as it is when the key is not there, and says so by 0; 1 when it is. */
int toml_want(const struct toml *t, const char *key, enum toml_kind kind, const struct toml **ret,
	      struct err *e);
int toml_want_string(const struct toml *t, const char *key, const char **ret, struct err *e);
int toml_want_bool(const struct toml *t, const char *key, bool *ret, struct err *e);
/* A string, or an array of them: added to the list. */
int toml_want_strings(const struct toml *t, const char *key, struct strv *ret, struct err *e);

/* -EINVAL: "line N: WHAT 'key' is to be KIND". */
int toml_wrong(const struct toml *v, const char *wanted, struct err *e);

#endif
