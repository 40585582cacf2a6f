/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory as a list.  Every directory is opened below the root's descriptor, no symlink is
 * followed, what .dockerignore leaves out is not even read, and what disappears meanwhile is as if
 * it had not been there.
 */
#ifndef IMAGETOOL_CONTEXT_WALK_H
#define IMAGETOOL_CONTEXT_WALK_H

#include "imagetool/context/context.h"
#include "imagetool/context/workers.h"

struct file_list {
	struct context_file **files; /* owned */
	size_t n;
	uint64_t sockets;
	struct arena arenas[WORKERS_MAX]; /* one for each thread that read */
};

void file_list_done(struct file_list *l);

/* `ret` is zero. */
int walk(int rootfd, const struct ignore *ignore, struct file_list *ret, struct err *e);

/* The order of the list: by bytes, a slash before all others. */
int walk_order(const char *a, const char *b);

#endif
