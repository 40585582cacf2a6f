/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log that is several files: PATH is written, PATH.1 is the one before it,
 * PATH.2 the one before that.
 *
 * A full log gets its second name PATH.1 first and loses the name PATH by the
 * rename of its successor: so there is a PATH at every instant, and a process
 * that is killed between two steps leaves a set of files from which nothing is
 * missing and in which nothing is twice, once files are told apart by identity.
 * File systems without hard links see two renames instead.
 */
#ifndef SHIM_LOG_ROTATE_H
#define SHIM_LOG_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "libutil/err.h"

/* Files of one log, the written one included. */
#define ROTATE_FILES_MAX 1000

/* Which file it is, whatever its name.  The time tells a file from one that got the same number
 * after it was removed; 0 where the file system keeps none. */
struct file_id {
	uint64_t dev, ino, made_ns;
};

int file_id_of(int fd, struct file_id *ret, struct err *e);
/* -ENOENT without a message when there is none. */
int file_id_at(const char *path, struct file_id *ret, struct err *e);
static inline bool file_id_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->made_ns == b->made_ns;
}

/* Begin a new PATH and keep at most `files` of them, the new one included; with 1 the old one goes.
 * Returns a descriptor for appending.  On failure the log is as it was. */
int rotate(const char *path, unsigned files, struct err *e);

#endif
