/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: the small part of TOML in which options of a runtime are written.
 *
 *     # a comment
 *     BinaryName = "/usr/bin/crun"
 *     Root = '/run/it'
 *     SystemdCgroup = true
 *     IoUid = 1_000
 *
 * Keys are bare or quoted, values are one-line strings, whole numbers and
 * booleans.  Tables, arrays, dates, fractions and texts over several lines are
 * refused by name, not skipped.
 */
#ifndef SHIM_V2_TOML_H
#define SHIM_V2_TOML_H

#include <stdint.h>

#include "libutil/err.h"

#define TOML_MAX ((size_t)64 << 10) /* bytes of a document */

enum toml_kind { TOML_STRING, TOML_INTEGER, TOML_BOOLEAN };

struct toml_value {
	enum toml_kind kind;
	const char *string; /* without NUL bytes inside */
	int64_t integer;
	bool boolean;
};

/* Strings last as long as the call.  A negative return ends the reading; it is put behind "NAME:
 * line N". */
typedef int toml_fn(void *ctx, const char *key, const struct toml_value *v, struct err *e);

int toml_read(const char *name, const char *text, size_t len, toml_fn *fn, void *ctx,
	      struct err *e);

#endif
