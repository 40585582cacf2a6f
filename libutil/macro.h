/* SPDX-License-Identifier: Apache-2.0 */
/* Small words the whole tree uses: attributes, array length, comparison. */
#ifndef LIBUTIL_MACRO_H
#define LIBUTIL_MACRO_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED            __attribute__((unused))
#define NORETURN          __attribute__((noreturn))
#define MALLOC_LIKE       __attribute__((malloc, returns_nonnull, warn_unused_result))
#define MUST_CHECK        __attribute__((warn_unused_result))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* True when `s` begins with `prefix`. */
static inline bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

#endif
