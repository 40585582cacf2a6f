/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session needs and what takes as long as all else that comes before its first
 * request: libcurl with its thirty libraries, and OpenSSL.  A thread gets it while
 * the caller opens a store.  Nothing depends on it: who uses libcurl next waits for the
 * thread (registry_opts), and what failed in it fails again where it can be told.
 */
#ifndef IMAGETOOL_REGISTRY_PREPARE_H
#define IMAGETOOL_REGISTRY_PREPARE_H

#include <pthread.h>
#include <stdbool.h>

#include "libutil/cleanup.h"

struct registry_prepare {
	bool begun;
	pthread_t thread;
};

void registry_prepare(struct registry_prepare *p);
/* Waits for the thread; once more, or with NULL, nothing.  Before the process ends: no library may
 * be loaded while exit() runs. */
void registry_prepare_done(struct registry_prepare *p);
AUTO_DEFINE_DONE(registry_prepare, registry_prepare_done)

#endif
