/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a log, open, oldest first.  They are held by descriptors, so a
 * rotation takes nothing away from who reads them.
 */
#ifndef SHIM_LOG_CHAIN_H
#define SHIM_LOG_CHAIN_H

#include <stddef.h>

#include "libutil/cleanup.h"
#include "shim/log/rotate.h"

struct chain_file {
	int fd;
	struct file_id id;
};

struct chain {
	struct chain_file *file; /* owned */
	size_t n;
};

void chain_done(struct chain *c);
AUTO_DEFINE_DONE(chain, chain_done)

/* Open PATH.`files`-1 to PATH, as far as they exist.  A rotation that goes on meanwhile neither
 * hides nor doubles a file.  -ENOENT when there is none at all. */
int chain_open(struct chain *c, const char *path, unsigned files, struct err *e);

/* Add a file as the oldest.  Takes `fd`, also on failure. */
int chain_add_oldest(struct chain *c, int fd, struct err *e);

/* Which of them it is; c->n when it is none. */
size_t chain_find(const struct chain *c, const struct file_id *id);

/* Close the first `n`. */
void chain_drop(struct chain *c, size_t n);

#endif
