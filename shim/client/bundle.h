/* SPDX-License-Identifier: Apache-2.0 */
/* The little that a supervisor must know of a bundle; everything else is the runtime's business. */
#ifndef SHIM_CLIENT_BUNDLE_H
#define SHIM_CLIENT_BUNDLE_H

#include "libutil/err.h"

/* Runtimes refuse larger ones too. */
#define BUNDLE_CONFIG_MAX ((size_t)16 << 20)

/* Read config.json of the bundle in `dir`: does its process want a terminal? */
int bundle_wants_terminal(const char *dir, bool *ret, struct err *e);

#endif
