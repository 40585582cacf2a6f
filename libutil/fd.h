/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: inheritance, passing over sockets, names in /proc. */
#ifndef LIBUTIL_FD_H
#define LIBUTIL_FD_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "libutil/err.h"

/* "/proc/self/fd/N" in caller's buffer. */
#define FD_PATH_SIZE 32
const char *fd_path(int fd, char buf[FD_PATH_SIZE]);

/* Close it, if it is one, and forget it: -1. */
void fd_close(int *fd);

int fd_set_cloexec(int fd, bool on, struct err *e);
int fd_set_nonblock(int fd, bool on, struct err *e);

/* Mark every descriptor >= first close-on-exec (close_range, else /proc/self/fd). */
int fd_cloexec_from(int first, struct err *e);
/* Really close every descriptor >= first, except the sorted `keep` list.  `listfd` is what
 * fd_list_if_needed() gave, taken, or -1: then /proc is opened here if need be. */
int fd_close_from(int listfd, int first, const int *keep, size_t n_keep, struct err *e);
/* For who will close in a place whose /proc is another's: the list to go by, owned by the caller;
 * -1 where the kernel can do without. */
int fd_list_if_needed(int *ret_fd, struct err *e);

/* Send `len` (>0) bytes with up to FD_PASS_MAX descriptors; receive sets *n_fds to how many came.
 * Received descriptors are O_CLOEXEC and owned by the caller.  Receive returns the bytes, 0 at EOF;
 * truncated data or control is -EMSGSIZE and every received descriptor is closed. */
#define FD_PASS_MAX 8
int fd_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds, struct err *e);
int fd_recv(int sock, void *data, size_t size, int *fds, size_t *n_fds, struct err *e);

/* Bind or connect a unix socket below a directory descriptor, whatever the length of its path
 * (through /proc/self/fd).  Type is SOCK_STREAM or SOCK_SEQPACKET; returns the socket, O_CLOEXEC.
 */
int fd_unix_listen_at(int dirfd, const char *name, int type, mode_t mode, struct err *e);
int fd_unix_connect_at(int dirfd, const char *name, int type, struct err *e);

#endif
