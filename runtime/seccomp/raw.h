/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: a filter that was compiled elsewhere, as the annotation run.oci.seccomp_bpf_data has it. */
#ifndef RUNTIME_SECCOMP_RAW_H
#define RUNTIME_SECCOMP_RAW_H

#include <linux/filter.h>

#include "libutil/err.h"

/* Base64 of an array of struct sock_filter in this machine's byte order; *ret is owned.  Whether it
 * is a sound program is for the kernel to say. */
int seccomp_raw_decode(const char *text, struct sock_filter **ret, size_t *ret_n, struct err *e);

#endif
