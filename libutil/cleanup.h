/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound resources: declare with an auto* word, hand over with steal_*(). */
#ifndef LIBUTIL_CLEANUP_H
#define LIBUTIL_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void free_at_exit(void *slot)
{
	free(*(void **)slot);
}

/* Never retried on EINTR: Linux has released the number by then. */
static inline void close_at_exit(const int *fd)
{
	int keep = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = keep;
}

static inline void fclose_at_exit(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static inline void closedir_at_exit(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

#define autofree __attribute__((cleanup(free_at_exit)))
#define autofd   __attribute__((cleanup(close_at_exit)))
#define autofile __attribute__((cleanup(fclose_at_exit)))
#define autodir  __attribute__((cleanup(closedir_at_exit)))

/*
 * AUTO_DEFINE(json, json_free) lets a scope say `auto_(json) struct json *doc = NULL;`
 * (heap objects); AUTO_DEFINE_DONE(strbuf, strbuf_done) lets it say
 * `auto_(strbuf) struct strbuf b = { 0 };` (caller-owned objects).
 */
#define AUTO_DEFINE(type, release)                                                                 \
	static inline void type##_at_exit(struct type **slot)                                      \
	{                                                                                          \
		release(*slot);                                                                    \
	}
#define AUTO_DEFINE_DONE(type, done)                                                               \
	static inline void type##_at_exit(struct type *object)                                     \
	{                                                                                          \
		done(object);                                                                      \
	}
#define auto_(type) __attribute__((cleanup(type##_at_exit)))

static inline int steal_fd(int *fd)
{
	int kept = *fd;

	*fd = -1;
	return kept;
}

#define steal_ptr(slot)                                                                            \
	__extension__({                                                                            \
		__typeof__(*(slot)) kept_ = *(slot);                                               \
		*(slot) = NULL;                                                                    \
		kept_;                                                                             \
	})

#endif
