/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DIR/ID: what is attached, a network's list with "result" and "cniPath" beside it.  Written before
 * the first plugin is called, locked while its owner lives, removed when it is detached.
 */
#ifndef IMAGETOOL_CNI_RECORD_H
#define IMAGETOOL_CNI_RECORD_H

#include "imagetool/cni/attach.h"

/* Makes it, without a result. */
int cni_record_open(const struct cni_host *host, struct cni_attachment *at, struct err *e);
/* Writes it anew. */
int cni_record_write(const struct cni_attachment *at, const struct cni_host *host, struct err *e);
/* Lets it go; it is removed, or left to be swept. */
void cni_record_close(const struct cni_host *host, struct cni_attachment *at, bool remove);

/* Calls `fn` for each that nobody holds, which has to close it. */
typedef int cni_record_fn(const struct cni_host *host, struct cni_attachment *at, void *ctx,
			  struct err *e);
int cni_record_each_left(const struct cni_host *host, cni_record_fn *fn, void *ctx, struct err *e);

#endif
