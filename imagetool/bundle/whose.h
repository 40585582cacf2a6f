/* SPDX-License-Identifier: Apache-2.0 */
/* Whose namespace: the words of --pid, --network and the like. */
#ifndef IMAGETOOL_BUNDLE_WHOSE_H
#define IMAGETOOL_BUNDLE_WHOSE_H

#include "libutil/alloc.h"
#include "oci-spec/runtime_spec.h"

enum whose {
	WHOSE_DEFAULT, /* nothing was said */
	WHOSE_PRIVATE,
	WHOSE_NONE,
	WHOSE_HOST,
	WHOSE_PATH, /* ns:PATH, or container:ID, which becomes the path of its process's namespace
		     */
};

struct whose_answer {
	enum whose kind;
	const char *path;      /* WHOSE_PATH */
	const char *container; /* its id; NULL: a path was given */
	const char *root;      /* of that container, as the host sees it: /proc/PID/root */
};

/* The kernel's name of a namespace in /proc/PID/ns. */
const char *whose_file(enum oci_namespace type);
/* `text` NULL is WHOSE_DEFAULT.  A container is asked for with `creel state`. */
int whose_parse(enum oci_namespace type, const char *text, struct arena *a,
		struct whose_answer *ret, struct err *e);

#endif
