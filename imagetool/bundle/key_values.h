/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME=VALUE as --env and --label take it, one by one or in docker's files: one
 * a line, blanks before it do not count, lines that begin with '#' and empty ones
 * are skipped, quotes mean nothing.
 */
#ifndef IMAGETOOL_BUNDLE_KEY_VALUES_H
#define IMAGETOOL_BUNDLE_KEY_VALUES_H

#include "libutil/err.h"
#include "libutil/strv.h"

#define KEY_VALUES_FILE_MAX ((size_t)1 << 20)

/* Adds the lines as they are: "NAME=VALUE" or "NAME".  `name` is the file's, for messages, which
 * have the number of the line. */
int key_values_parse(const char *name, const char *text, size_t len, struct strv *ret,
		     struct err *e);
/* The same of a file; "-" is standard input. */
int key_values_read(const char *path, struct strv *ret, struct err *e);

/* The environment by options: files first, then what was typed.  "NAME" becomes what it is in our
 * own environment; one that was typed and is not there stays "NAME", which takes the image's away,
 * as docker does. */
int env_collect(const struct strv *files, const struct strv *typed, struct strv *ret,
		struct err *e);

#endif
