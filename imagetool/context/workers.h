/* SPDX-License-Identifier: Apache-2.0 */
/* A few threads that do one thing: as many as there are cores, this one among them. */
#ifndef IMAGETOOL_CONTEXT_WORKERS_H
#define IMAGETOOL_CONTEXT_WORKERS_H

/* More do not make a directory quicker to read. */
#define WORKERS_MAX 4

/* Returns when every one of them has returned; where there are no threads to be had, this one does
 * it alone. */
void workers_run(void *(*work)(void *ctx), void *ctx);

#endif
