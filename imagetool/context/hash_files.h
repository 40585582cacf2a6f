/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of many listed files, hashed on all cores. */
#ifndef IMAGETOOL_CONTEXT_HASH_FILES_H
#define IMAGETOOL_CONTEXT_HASH_FILES_H

#include <pthread.h>

#include "imagetool/context/internal.h"

struct file_hashing {
	struct context *context;
	size_t *wanted; /* owned: indexes */
	size_t n, cap;
	uint8_t (*hashes)[CONTEXT_HASH_SIZE]; /* of the context's arena */
	pthread_mutex_t mutex;                /* for what follows */
	size_t next;
	uint64_t done;
	struct err err;
};

void file_hashing_add(struct file_hashing *h, size_t index);
/* The first failure ends it; what was hashed before stays known. */
int file_hashing_run(struct file_hashing *h, struct err *e);
void file_hashing_done(struct file_hashing *h);

#endif
