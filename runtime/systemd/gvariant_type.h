/* SPDX-License-Identifier: Apache-2.0 */
/* Types of gvariant.h as text: D-Bus signatures of one complete type. */
#ifndef RUNTIME_SYSTEMD_GVARIANT_TYPE_H
#define RUNTIME_SYSTEMD_GVARIANT_TYPE_H

#include "runtime/systemd/gvariant.h"

/* Where the complete type at `type` ends; NULL when none begins there. */
const char *gvariant_type_end(const char *type);

/*
 * Not yet decided types, from the leaves up: '#' is a number, 'S' a string, '*' the items of an
 * empty array.  One that says the same as both, or NULL when they contradict each other.
 */
const char *gvariant_type_unify(struct arena *a, const char *one, const char *other);
/* Write what is still open as its default; -EINVAL for '*'. */
int gvariant_type_settle(char *type);

#endif
