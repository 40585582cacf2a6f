/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled programs in a directory of ours.  A file holds the key it was made
 * from, so a hash collision costs a compilation and never gives a wrong
 * program; there is a fixed number of file names, so it does not grow.
 */
#ifndef RUNTIME_SECCOMP_CACHE_H
#define RUNTIME_SECCOMP_CACHE_H

#include "libutil/strbuf.h"
#include "runtime/seccomp/seccomp.h"

/* True and an owned program when there is a sound one for the key. */
bool seccomp_cache_get(int dirfd, const struct strbuf *key, struct sock_filter **ret,
		       size_t *ret_n);
/* A program that can't be stored is only slower the next time. */
void seccomp_cache_put(int dirfd, const struct strbuf *key, const struct sock_filter *v, size_t n);

#endif
