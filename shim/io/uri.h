/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: what a client of containerd calls a stream.
 *
 *     /run/f/1/c-stdout           a FIFO, or a file that exists
 *     fifo:///run/f/1/c-stdout    the same
 *     file:///var/log/c           a file, made with its parents, appended to
 *     binary:///bin/logger?k=v    a program that reads the output
 *
 * The text comes from containerd, thus from whoever may make containers there.
 */
#ifndef SHIM_IO_URI_H
#define SHIM_IO_URI_H

#include "libutil/err.h"
#include "libutil/strv.h"

#define URI_MAX 4096 /* bytes */

enum uri_kind { URI_NONE, URI_FIFO, URI_FILE, URI_BINARY };

struct uri {
	enum uri_kind kind;
	char *path;       /* owned, absolute but for a FIFO's; NULL for URI_NONE */
	struct strv args; /* URI_BINARY: key, value, key, value */
};

/* `text` may be NULL or "": URI_NONE. */
int uri_parse(const char *text, struct uri *ret, struct err *e);
void uri_done(struct uri *u);
AUTO_DEFINE_DONE(uri, uri_done)

#endif
