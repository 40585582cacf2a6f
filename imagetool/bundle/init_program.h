/* SPDX-License-Identifier: Apache-2.0 */
/* The small init of --init: a program of the host that is mounted into the container. */
#ifndef IMAGETOOL_BUNDLE_INIT_PROGRAM_H
#define IMAGETOOL_BUNDLE_INIT_PROGRAM_H

#include "libutil/err.h"

#define INIT_PROGRAM_PLACE "/sbin/docker-init"

/* The first that is there and needs no library of the host: absolute, owned. */
int init_program_find(char **ret, struct err *e);

#endif
