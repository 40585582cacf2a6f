/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of units as systemd takes them, and where its groups are.  Pure.
 *
 * linux.cgroupsPath has the form "slice:prefix:name": the scope is "prefix-name.scope", or
 * "name.scope" without a prefix, and lies in that slice.
 */
#ifndef RUNTIME_SYSTEMD_UNIT_H
#define RUNTIME_SYSTEMD_UNIT_H

#include "libutil/alloc.h"
#include "libutil/err.h"

/* Bytes, without the NUL. */
#define UNIT_NAME_MAX 255

struct unit_place {
	const char *slice; /* "a-b.slice", "-.slice" for the root; in the arena, as `scope` */
	const char *scope; /* "creel-web.scope" */
};

/* `cgroups_path` may be NULL: "creel-ID.scope" in `default_slice`, which also stands for an empty
 * slice.  Messages begin with the JSON path. */
int unit_place(const char *cgroups_path, const char *id, const char *default_slice, struct arena *a,
	       struct unit_place *ret, struct err *e);

/* "a-b-c.slice" -> "/a.slice/a-b.slice/a-b-c.slice", "-.slice" -> "/".  Owned.  NULL: not the name
 * of a slice. */
char *unit_slice_path(const char *slice);

/* A name systemd would take for a scope. */
bool unit_is_scope(const char *name);

#endif
