/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the attach socket is.  With --full-attach it is BUNDLE/attach, however
 * long that path may be.  Without it callers connect to SOCKETDIR/CUUID/attach,
 * where CUUID is a link to the bundle: a name short enough for a socket address.
 */
#ifndef SHIM_CONMON_PLACE_H
#define SHIM_CONMON_PLACE_H

#include "shim/conmon/options.h"

#define PLACE_ATTACH "attach"

/* The link's name.  A name that just fills an address loses its last byte: CRI-O does the same when
 * it connects.  Pure. */
char *place_link(const char *socket_dir, const char *cuuid) MALLOC_LIKE;

/* Make the link, which replaces one that is there; nothing to do with --full-attach. */
int place_make(const struct conmon_opts *o, struct err *e);
/* Remove the link. */
void place_remove(const struct conmon_opts *o);

#endif
