/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that becomes the container's is, until its exec, a copy of this
 * program; and an image whose entry point is /proc/self/exe runs this program
 * again, inside.  Either way /proc/PID/exe leads from the container to our file
 * on the host, and root there could overwrite it (CVE-2019-5736).
 *
 * So whatever makes such a process first sees to it that it runs from a file that
 * nobody can write: a read-only, detached clone of the mount the program lies on,
 * or, where that is refused, a sealed copy in memory.  Mostly selfexe_early.c has
 * done so before libc started.
 */
#ifndef RUNTIME_SELFEXE_H
#define RUNTIME_SELFEXE_H

#include "libutil/err.h"

/*
 * Returns 0 when this process runs from a protected file; otherwise executes the program again with
 * the same arguments and environment and does not return, or fails.  Whether it is protected is
 * asked of the kernel: there is nothing a caller could set to skip it.
 *
 * *ret_clonefd, owned by the caller, may be a descriptor of the clone, or 0.  Closing the last one
 * unmounts the clone, for which the kernel waits until no processor looks at it: that is for a time
 * when somebody else works.  With NULL it is closed at once.
 *
 * As long as the clone is mounted, whoever sees a process of ours and has CAP_SYS_ADMIN in its own
 * mount namespace may take the read-only flag away through /proc/PID/exe: mount_setattr(2) serves
 * anybody's detached mount.  So it is closed before a container can look at any of them.
 */
int selfexe_protect(int *ret_clonefd, struct err *e);

#endif
