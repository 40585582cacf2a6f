/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.intelRdt: a share of caches and memory bandwidth, by the file system
 * resctrl.  A class of service is a directory there; a line of its `schemata` says
 * what it may use, and who is written to its `tasks` uses that.  A monitoring group
 * is a directory below one.
 *
 * Host side only.  All functions but resctrl_open() take a descriptor of the root,
 * which in a test is any directory of the same shape.
 */
#ifndef RUNTIME_RESCTRL_RESCTRL_H
#define RUNTIME_RESCTRL_RESCTRL_H

#include <sys/types.h>

#include "libutil/json.h"
#include "oci-spec/runtime_spec.h"

struct resctrl_line {
	const char *json; /* "linux.intelRdt.l3CacheSchema" */
	const char *text; /* "L3:0=7f0;1=1f" */
	bool compare;     /* a class of that name must say so already */
};

struct resctrl {
	const char *group;   /* directory of the class of service; "." is the default one */
	const char *monitor; /* name of the monitoring group; NULL: none */
	struct resctrl_line *lines;
	size_t n_lines;
	bool named; /* by closID: never removed */
	bool make;  /* of resctrl_check(): it is not there yet */
};

/* Pure: what the member asks for; *ret lies in `a`.  `id` is the container's. */
int resctrl_decide(const struct spec_intel_rdt *rdt, const char *id, struct arena *a,
		   struct resctrl *ret, struct err *e);
/* Pure: does the text of a `schemata` file say what `line` says? */
bool resctrl_agrees(const char *line, const char *schemata);

/* The root of the resctrl of this host; *ret_path (may be NULL) is owned.  -ENODEV: none. */
int resctrl_open(char **ret_path, struct err *e);
/* Changes nothing; sets r->make. */
int resctrl_check(int rootfd, struct resctrl *r, struct err *e);
/* Make the class if resctrl_check() missed it; write its lines, or take back what was made. */
int resctrl_make(int rootfd, const struct resctrl *r, struct err *e);
int resctrl_write(int rootfd, const struct resctrl *r, struct err *e);
int resctrl_monitor(int rootfd, const struct resctrl *r, struct err *e);
/* One thread; what it clones from then on follows. */
int resctrl_add(int rootfd, const struct resctrl *r, pid_t pid, struct err *e);
/* What this container alone had: its monitoring group, and its class if `made`. */
int resctrl_remove(int rootfd, const char *group, const char *monitor, bool made, struct err *e);
/* The lines of the class as they are, to be written back; owned.  NULL: unreadable. */
char *resctrl_remember(int rootfd, const char *group);
void resctrl_put_back(int rootfd, const char *group, const char *schemata);

/* What it says of a class of service, for `events`: members of an object that is open.  What is not
 * there is left out. */
void resctrl_encode(int rootfd, const char *group, const char *monitor, struct json_writer *w);

#endif
