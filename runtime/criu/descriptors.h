/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptors.json beside criu's images: what the container's first descriptors
 * were when it was dumped, as an array of texts in their order (runc's file).
 * Three kinds can be given anew when it is restored:
 *
 *   pipe:[INODE]         a pipe whose other end is outside
 *   file[MOUNT:INODE]    a file or FIFO that no mount of the container shows, hexadecimal (creel's
 * own) tty[RDEV:DEV]        a terminal that no mount of the container shows, hexadecimal (creel's
 * own)
 *
 * Whatever else is written there is for people.  An image may come from a
 * stranger: nothing but these forms is ever passed on to criu.
 */
#ifndef RUNTIME_CRIU_DESCRIPTORS_H
#define RUNTIME_CRIU_DESCRIPTORS_H

#include "libutil/err.h"
#include "libutil/strv.h"

#define DESCRIPTORS_FILE "descriptors.json"
/* More than any caller preserves. */
#define DESCRIPTORS_MAX 64

int descriptors_write(int dirfd, const struct strv *names, struct err *e);
/* A missing file is an empty list: other tools leave none. */
int descriptors_read(int dirfd, struct strv *ret, struct err *e);

/* What a process has open at 0, 1, 2 and without a gap behind. */
int descriptors_of(pid_t pid, struct strv *ret, struct err *e);

enum descriptor_kind { DESCRIPTOR_OTHER, DESCRIPTOR_PIPE, DESCRIPTOR_FILE, DESCRIPTOR_TTY };
enum descriptor_kind descriptor_kind(const char *name);

#endif
