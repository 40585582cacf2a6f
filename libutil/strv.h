/* SPDX-License-Identifier: Apache-2.0 */
/* NULL-terminated vectors of owned strings: argv, environments, lists of names. */
#ifndef LIBUTIL_STRV_H
#define LIBUTIL_STRV_H

#include <stddef.h>

#include "libutil/cleanup.h"
#include "libutil/macro.h"

struct strv {
	char **v; /* NULL while empty, else v[n] == NULL */
	size_t n;
	size_t cap;
};

void strv_done(struct strv *s);
AUTO_DEFINE_DONE(strv, strv_done)

void strv_add(struct strv *s, const char *text); /* copies */
void strv_addf(struct strv *s, const char *fmt, ...) PRINTF(2, 3);
void strv_add_owned(struct strv *s, char *text); /* takes */
void strv_add_all(struct strv *s, char *const *list);
bool strv_has(const struct strv *s, const char *text);

/* Environment vectors: "NAME=value".  Setting replaces in place or appends. */
void strv_env_set(struct strv *s, const char *name, const char *value);
const char *strv_env_get(const struct strv *s, const char *name);

/* Split at each `sep`; empty pieces are kept unless `skip_empty`. */
void strv_split(struct strv *s, const char *text, char sep, bool skip_empty);
char *strv_join(const struct strv *s, const char *sep);

/* A vector that can be handed to execve() even when empty; owned by `s`. */
char *const *strv_argv(const struct strv *s);

#endif
