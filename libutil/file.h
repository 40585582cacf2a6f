/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: bounded reads, writes, atomic replacement. */
#ifndef LIBUTIL_FILE_H
#define LIBUTIL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "libutil/err.h"

/* Read at most `max` bytes of a file; a longer one is -EFBIG and nothing is
 * returned.  *ret is NUL-terminated and owned by the caller; ret_len may be NULL. */
int file_read_at(int dirfd, const char *name, size_t max, char **ret, size_t *ret_len,
		 struct err *e);
/* In a directory of others: a fifo or a device there would keep us waiting; -EINVAL. */
int file_read_regular_at(int dirfd, const char *name, size_t max, char **ret, size_t *ret_len,
			 struct err *e);
/* The same of what is open, without waiting: O_NONBLOCK. */
int file_read_regular_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len,
			 struct err *e);
int file_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct err *e);
/* The same for who has looked at the file already. */
int file_read_stat(int fd, const char *name, const struct stat *st, size_t max, char **ret,
		   size_t *ret_len, struct err *e);
/* The same for a file that somebody named to us: "-" is standard input.  *ret_name is what messages
 * call it, and lives as long as `file`. */
int file_read_named(const char *file, size_t max, char **ret, size_t *ret_len,
		    const char **ret_name, struct err *e);

/* One write(2) of the whole text to an existing file: /proc, /sys, cgroups. */
int file_write_at(int dirfd, const char *name, const char *text, struct err *e);

enum file_sync { FILE_NO_SYNC, FILE_SYNC };

/* Create or replace atomically: temporary in the same directory, (fsync,) rename, (fsync of the
 * directory).  On failure the old content stays and no temporary is left. */
int file_replace_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		    enum file_sync sync, struct err *e);

/* A file that somebody named to us.  A link, a device or a pipe, as /dev/stdout is, is written to
 * and stays; anything else is replaced atomically, and not synced. */
int file_put_named(const char *path, const void *data, size_t len, mode_t mode, struct err *e);
/* Will it be replaced? */
bool file_named_is_replaced(const char *path);

/* write(2) until all is written; EINTR is retried, EAGAIN waits with poll. */
int file_write_all(int fd, const void *data, size_t len, struct err *e);
/* pwrite(2) until all is written. */
int file_pwrite_all(int fd, const void *data, size_t len, int64_t offset, struct err *e);

/* Copy everything from one descriptor to another (copy_file_range, then read/write). */
int file_copy(int from, int to, uint64_t *ret_bytes, struct err *e);

#endif
