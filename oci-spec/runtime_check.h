/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of runtime_spec_check(): rules that no row can state, a file per
 * subject.  Each returns 0 or -EINVAL with document and path in the message.
 */
#ifndef OCI_SPEC_RUNTIME_CHECK_H
#define OCI_SPEC_RUNTIME_CHECK_H

#include "oci-spec/runtime_spec.h"

/* Who wants to know all faults. */
struct check_sink {
	void (*fault)(void *ctx, const char *path, const char *reason);
	void *ctx;
};

struct check {
	const char *name;   /* of the document */
	const char *prefix; /* where its struct lies: "process.", "" when it is the document */
	struct err *e;
	const struct check_sink *sink; /* NULL: the first fault is the error */
};

/* "NAME: PREFIX" and the message, which begins with a path and a colon; returns -EINVAL, or 0 when
 * the sink got it: loops then go on with the next item. */
int check_fail(const struct check *c, const char *fmt, ...) PRINTF(2, 3);

/* One fault in one text: no '=', no name.  `path` is "env" or "hooks.prestart[0].env". */
int check_env(const struct check *c, const char *path, const struct oci_strings *env);
/* Both or none, no empty or wrapping ranges. `path` ends in '.' or is "". */
int check_mappings(const struct check *c, const char *path, const struct oci_array *uids,
		   const struct oci_array *gids);
/* `word` is in the NULL-terminated list. */
bool check_word(const char *word, const char *const *list);

int check_process(const struct check *c, const struct spec_process *p);
int check_linux(const struct check *c, const struct runtime_spec *spec);
int check_seccomp(const struct check *c, const struct spec_seccomp *s);
int check_mounts(const struct check *c, const struct oci_array *mounts);
/* linux.devices */
int check_devices(const struct check *c, const struct oci_array *devices);
int check_resources(const struct check *c, const struct spec_resources *r);

#endif
