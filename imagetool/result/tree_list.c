/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/tree_list.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "imagetool/diff/layer_write.h"
#include "imagetool/interrupt.h"
#include "libutil/alloc.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/log.h"

/* ---- The list ---- */

/* Whose attributes the root has is the output's affair. */
static void drop_root(struct changes *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].node->parent)
			c->items[n++] = c->items[i];
	c->n = n;
}

int tree_list_read(int rootfd, struct tree_list *ret, struct err *e)
{
	struct ftree_dir_notes notes = { 0 };
	int r;

	*ret = (struct tree_list){ .rootfd = rootfd };
	ftree_init(&ret->tree);
	r = ftree_add_dir(&ret->tree, rootfd, &(struct ftree_dir_opts){ 0 }, &notes, e);
	if (r < 0)
		return r;
	if (notes.reserved)
		log_warning("%llu files whose names begin with '.wh.' were left out",
			    (unsigned long long)notes.reserved);
	changes_of_all(&ret->tree, &ret->all);
	drop_root(&ret->all);
	return 0;
}

void tree_list_done(struct tree_list *l)
{
	changes_done(&l->all);
	ftree_done(&l->tree);
}

int tree_list_write(const struct tree_list *l, struct tar_writer *w, struct err *e)
{
	struct layer_write_notes notes = { 0 };

	return layer_write(&l->all, l->rootfd, w, &notes, e);
}

/* ---- The stream ---- */

static int to_pipe(void *ctx, const void *data, size_t len, struct err *e)
{
	return file_write_all(((struct tree_stream *)ctx)->writefd, data, len, e);
}

static int write_all(struct tree_stream *s, struct err *e)
{
	autofree struct tar_writer *w = xcalloc(1, sizeof(*w));
	int r;

	tar_writer_init_sink(w, (struct byte_sink){ to_pipe, s });
	w->exact_times = true;
	if (s->opts->has_latest) {
		w->has_latest = true;
		w->latest = s->opts->latest;
	}
	r = tree_list_write(s->list, w, e);
	return r < 0 ? r : tar_write_end(w, e);
}

static void *run(void *arg)
{
	struct tree_stream *s = arg;
	sigset_t pipe_gone;

	/* A reader that failed closes its end; that is an error here and no signal. */
	(void)sigemptyset(&pipe_gone);
	(void)sigaddset(&pipe_gone, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_gone, NULL);
	(void)write_all(s, &s->failure);
	fd_close(&s->writefd);
	return NULL;
}

int tree_stream_begin(struct tree_stream *s, const struct tree_list *l,
		      const struct tree_opts *opts, struct err *e)
{
	int ends[2], r;

	s->list = l;
	s->opts = opts;
	s->running = false;
	s->readfd = s->writefd = -1;
	s->failure = (struct err){ 0 };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	s->readfd = ends[0];
	s->writefd = ends[1];
	r = pthread_create(&s->thread, NULL, run, s);
	if (r > 0)
		return err_set(e, r, "start a thread");
	s->running = true;
	return 0;
}

static int next_piece(void *ctx, const uint8_t **ret, struct err *e)
{
	struct tree_stream *s = ctx;
	ssize_t n;
	int r = interrupt_check(e);

	if (r < 0)
		return r;
	do
		n = read(s->readfd, s->buffer, sizeof(s->buffer));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "read from a pipe");
	*ret = s->buffer;
	return (int)n;
}

struct tar_source tree_stream_source(struct tree_stream *s)
{
	return (struct tar_source){ .next = next_piece, .ctx = s };
}

int tree_stream_end(struct tree_stream *s, int r, struct err *e)
{
	fd_close(&s->readfd);
	if (s->running)
		(void)pthread_join(s->thread, NULL);
	fd_close(&s->writefd);
	/* EPIPE says only that the reader went first. */
	if (!s->failure.code || (r < 0 && s->failure.code == EPIPE))
		return r;
	if (r < 0)
		err_clear(e);
	return err_take(e, &s->failure);
}
