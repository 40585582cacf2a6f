/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and maps of a document, changed by making new ones in an arena. */
#ifndef IMAGETOOL_COMMIT_CONFIG_LISTS_H
#define IMAGETOOL_COMMIT_CONFIG_LISTS_H

#include "libutil/alloc.h"
#include "oci-spec/field.h"

/* Words one after the other; the array ends in NULL. */
void list_of(struct arena *a, const char *const *words, size_t n, struct oci_strings *ret);
void list_append(struct arena *a, struct oci_strings *list, const char *text);
/* A set with these words too: in order, each once. */
void set_add(struct arena *a, struct oci_strings *set, const char *const *words, size_t n);
/* NAME=VALUE: in its place, or at the end. */
void env_set(struct arena *a, struct oci_strings *env, const char *name, const char *value);
const char *env_get(const struct oci_strings *env, const char *name);
/* In order of keys. */
void map_set(struct arena *a, struct oci_strmap *map, const char *key, const char *value);

#endif
