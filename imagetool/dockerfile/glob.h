/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The patterns of ${name#pattern} and its kin: '*' any text, '?' one character, '\' takes the
 * meaning of the next one.  Time is length of the text times length of the pattern.
 */
#ifndef IMAGETOOL_DOCKERFILE_GLOB_H
#define IMAGETOOL_DOCKERFILE_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Bytes of the shortest or longest beginning of `text` that matches; -1: none does. */
ssize_t glob_prefix(const char *pattern, const char *text, size_t len, bool longest);

#endif
