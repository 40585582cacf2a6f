/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing below /proc.  A container can mount over any name in its /proc, or
 * replace /proc itself, so that a label or a sysctl lands in a file of its choice
 * (CVE-2019-16884, CVE-2025-52881).  So nothing is opened by the name "/proc/...",
 * but below a descriptor of the host's procfs that was taken before the container's
 * tree was entered, crossing no mount and following no link.  Sysctls are those of
 * the namespaces of who writes, whichever procfs it is.
 */
#ifndef RUNTIME_INIT_PROCFS_H
#define RUNTIME_INIT_PROCFS_H

#include "libutil/err.h"

/* Root of the host's procfs; before entering the container's tree.  Returns a descriptor. */
int procfs_open_host(struct err *e);
/* A procfs that is mounted nowhere, for hosts that cover parts of theirs. */
int procfs_private(struct err *e);
/* The root of a procfs, not a file in it or another file system: 0, or -ENXIO. */
int procfs_check(int fd, struct err *e);
/* This process's directory in that procfs: its pid as that one counts, "42". */
#define PROCFS_SELF_SIZE 16
int procfs_self(int procfd, char buf[PROCFS_SELF_SIZE], struct err *e);
/* `path` is relative: "sys/net/ipv4/ip_forward", "PID/attr/exec" ("self" is a link). */
int procfs_open(int procfd, const char *path, int flags, struct err *e);
int procfs_write(int procfd, const char *path, const char *text, struct err *e);

#endif
