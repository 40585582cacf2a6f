/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the detach keys in what a person types.  Bytes that may be the start of
 * the sequence are held back and come out when they turn out not to be.  Pure.
 */
#ifndef SHIM_IO_DETACH_H
#define SHIM_IO_DETACH_H

#include <stdbool.h>
#include <stddef.h>

#include "libutil/err.h"

#define DETACH_KEYS_MAX     8
#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

struct detach {
	char keys[DETACH_KEYS_MAX];
	size_t n;    /* 0: nothing detaches */
	size_t held; /* how many of `keys` the last bytes matched */
};

/* "ctrl-p,ctrl-q", "ctrl-@", "a,b"; "" switches detaching off. */
int detach_parse(struct detach *d, const char *text, struct err *e);

/* Feed `len` bytes; what is to be sent goes to `out`, which has room for len + DETACH_KEYS_MAX.
 * Returns true when the keys are complete: what was typed before them is in `out`, the rest is
 * dropped. */
bool detach_feed(struct detach *d, const char *in, size_t len, char *out, size_t *ret_len);

#endif
