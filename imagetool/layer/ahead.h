/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that goes ahead of another: it fills buffers while the other uses
 * those before, so that inflating a layer takes one core and making its files
 * another.  What else is to be done with every buffer, hashing it, falls to the
 * one that would wait otherwise.  AHEAD_BUFFERS bound how far it goes, and the memory.
 */
#ifndef IMAGETOOL_LAYER_AHEAD_H
#define IMAGETOOL_LAYER_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

#define AHEAD_BUFFERS     4
#define AHEAD_BUFFER_SIZE ((size_t)256 << 10)

struct ahead;

/* Fill `buf`: returns how many bytes, 0 at the end.  Called by the thread, one call at a time. */
typedef int ahead_fill_fn(void *ctx, uint8_t *buf, size_t size, struct err *e);

/* Each buffer in order, once, before it is handed out: in either thread, one call at a time. */
typedef void ahead_pass_fn(void *ctx, const uint8_t *buf, size_t len);

/* `ctx` must live until ahead_free().  NULL when there is no thread to be had: go without. */
struct ahead *ahead_new(ahead_fill_fn *fill, ahead_pass_fn *pass, void *ctx);
/* Waits for a call of `fill` or `pass` that has begun. */
void ahead_free(struct ahead *a);
AUTO_DEFINE(ahead, ahead_free)

/* The next buffer, until the next call; returns its length, 0 at the end, again and again. */
int ahead_next(struct ahead *a, const uint8_t **ret, struct err *e);

#endif
