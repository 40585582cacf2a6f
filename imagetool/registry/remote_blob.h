/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One blob of a registry, read piece by piece by who wants it: nothing runs ahead of
 * the reader but what the sockets hold.  A transfer that breaks goes on by Range.  The
 * content is not checked here: who reads hashes.
 */
#ifndef IMAGETOOL_REGISTRY_REMOTE_BLOB_H
#define IMAGETOOL_REGISTRY_REMOTE_BLOB_H

#include "imagetool/registry/registry.h"

struct remote_blob;

/* `digest` is legal; `size` -1: not known, and then nothing is asked for twice. */
int remote_blob_new(struct registry *r, const char *digest, int64_t size, struct remote_blob **ret,
		    struct err *e);
void remote_blob_free(struct remote_blob *b);
AUTO_DEFINE(remote_blob, remote_blob_free)

/* Fills `buf`; returns how many bytes, 0 at the end. */
int remote_blob_read(struct remote_blob *b, void *buf, size_t size, struct err *e);
/* Go on at this byte. */
void remote_blob_seek(struct remote_blob *b, int64_t offset);

#endif
