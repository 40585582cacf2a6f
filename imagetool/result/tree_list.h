/* SPDX-License-Identifier: Apache-2.0 */
/* All files of a directory as an archive's entries, and a thread that streams them. */
#ifndef IMAGETOOL_RESULT_TREE_LIST_H
#define IMAGETOOL_RESULT_TREE_LIST_H

#include <pthread.h>

#include "imagetool/diff/compare.h"
#include "imagetool/diff/ftree_dir.h"
#include "imagetool/result/tree.h"

struct tree_list {
	struct ftree tree;
	struct changes all; /* without the root */
	int rootfd;         /* borrowed */
};

int tree_list_read(int rootfd, struct tree_list *ret, struct err *e);
void tree_list_done(struct tree_list *l);
AUTO_DEFINE_DONE(tree_list, tree_list_done)

int tree_list_write(const struct tree_list *l, struct tar_writer *w, struct err *e);

/* The archive as a stream for a reader in this thread; another writes it. */
struct tree_stream {
	const struct tree_list *list;
	const struct tree_opts *opts;
	pthread_t thread;
	bool running;
	int readfd, writefd;
	struct err failure; /* of the thread */
	unsigned char buffer[64 << 10];
};

int tree_stream_begin(struct tree_stream *s, const struct tree_list *l,
		      const struct tree_opts *opts, struct err *e);
struct tar_source tree_stream_source(struct tree_stream *s);
/* Wait for the writer; its failure counts more than the reader's, which is `r`. */
int tree_stream_end(struct tree_stream *s, int r, struct err *e);

#endif
