/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the steps of a build are done to: a root file system that is mounted for
 * one of them, and the trees that it takes files from.  What either holds comes
 * from an image or a context, and decides nothing about where files of the host
 * are opened: all paths are resolved below these descriptors.
 */
#ifndef IMAGETOOL_STEP_STEP_H
#define IMAGETOOL_STEP_STEP_H

#include "imagetool/context/context.h"

/* The merged tree of a state that the step changes. */
struct step_root {
	int fd;           /* its root directory; borrowed */
	const char *path; /* where it is mounted; NULL: nowhere, `fd` is of fsmount(2) */
};

/* The root of a state, or of a context: nothing is changed there. */
struct step_tree {
	int fd;                  /* its root directory; borrowed; -1: there is none */
	struct context *context; /* for contexts, else NULL */
	const char *key;         /* what changes with its files; NULL or "": not known */
};

#endif
