/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/codec/compress.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imagetool/codec/frame.h"
#include "libutil/alloc.h"

/* Blocks beyond those being compressed: one is filled, one waits. */
#define SPARE_BLOCKS 2

enum block_state {
	BLOCK_FREE, /* or being filled */
	BLOCK_QUEUED,
	BLOCK_BUSY,
	BLOCK_DONE,
};

struct block {
	enum block_state state;
	uint8_t *in, *out;
	size_t in_len, out_len; /* out_len 0 when done: the library failed */
};

struct compress {
	struct byte_sink to;
	const struct frame_codec *codec; /* NULL: plain */
	int level;
	struct digest *diff_digest, *blob_digest;
	int64_t size, plain_size;
	void *state; /* the codec's, of the caller's thread */

	/* Guarded by `lock`: states of blocks, and `ending`. */
	pthread_mutex_t lock;
	pthread_cond_t queued, done;
	bool ending;
	/* A ring: blocks [first, first + used) are under way, the next one is being filled. */
	struct block *blocks;
	size_t n_blocks, first, used;

	bool cuts;
	size_t frames;       /* that were submitted */
	int64_t *frame_ends; /* of those that were emitted, with `cuts` */
	size_t n_ends, cap_ends;

	pthread_t threads[COMPRESS_THREADS_MAX];
	int n_threads;
	int wanted_threads; /* when there is more than one block */
};

static const struct frame_codec *const codecs[] = {
	[LAYER_PLAIN] = NULL,
	[LAYER_GZIP] = &frame_gzip,
	[LAYER_ZSTD] = &frame_zstd,
};

/* ---- Blocks ---- */

static struct block *block_at(struct compress *c, size_t i)
{
	return &c->blocks[(c->first + i) % c->n_blocks];
}

/* The oldest block nobody works on, marked as taken; NULL when there is none.  Locked. */
static struct block *take(struct compress *c)
{
	for (size_t i = 0; i < c->used; i++) {
		struct block *b = block_at(c, i);

		if (b->state != BLOCK_QUEUED)
			continue;
		b->state = BLOCK_BUSY;
		return b;
	}
	return NULL;
}

/* Compress a taken block.  Locked before and after, not meanwhile. */
static void work(struct compress *c, struct block *b, void *state)
{
	(void)pthread_mutex_unlock(&c->lock);
	b->out_len =
		c->codec->make(state, b->in, b->in_len, b->out, c->codec->bound(c->codec->block));
	(void)pthread_mutex_lock(&c->lock);
	b->state = BLOCK_DONE;
	(void)pthread_cond_signal(&c->done);
}

static void *worker(void *arg)
{
	struct compress *c = arg;
	void *state = c->codec->new (c->level);

	(void)pthread_mutex_lock(&c->lock);
	while (!c->ending) {
		struct block *b = take(c);

		if (b)
			work(c, b, state);
		else
			(void)pthread_cond_wait(&c->queued, &c->lock);
	}
	(void)pthread_mutex_unlock(&c->lock);
	c->codec->free(state);
	return NULL;
}

/* Signals are the caller's business. */
static void start_threads(struct compress *c, int n)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	/* Without threads the caller's does all the work. */
	while (c->n_threads < n && pthread_create(&c->threads[c->n_threads], NULL, worker, c) == 0)
		c->n_threads++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void make_blocks(struct compress *c, size_t n)
{
	c->n_blocks = n;
	c->blocks = xcalloc(n, sizeof(*c->blocks));
	for (size_t i = 0; i < n; i++) {
		/* Not zeroed: pages of blocks that are never filled stay away. */
		c->blocks[i].in = xreallocarray(NULL, c->codec->block, 1);
		c->blocks[i].out = xreallocarray(NULL, c->codec->bound(c->codec->block), 1);
	}
}

static int thread_count(int wanted)
{
	long n = wanted > 0 ? wanted : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > COMPRESS_THREADS_MAX ? COMPRESS_THREADS_MAX : (int)n;
}

int compress_check_level(const struct compress_opts *opts, struct err *e)
{
	const struct frame_codec *codec = codecs[opts->kind];

	if (codec && (opts->level < 0 || opts->level > codec->level_max))
		return err_set(e, EINVAL, "%s has no level %d, but 1 to %d", codec->name,
			       opts->level, codec->level_max);
	return 0;
}

int compress_new(struct byte_sink to, const struct compress_opts *opts, struct compress **ret,
		 struct err *e)
{
	const struct frame_codec *codec = codecs[opts->kind];
	int threads = thread_count(opts->threads);
	struct compress *c;
	int r = compress_check_level(opts, e);

	if (r < 0)
		return r;
	c = xcalloc(1, sizeof(*c));
	c->to = to;
	c->codec = codec;
	c->cuts = opts->cuts;
	c->diff_digest = digest_new(DIGEST_SHA256);
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->queued, NULL);
	(void)pthread_cond_init(&c->done, NULL);
	if (codec) {
		c->level = opts->level ? opts->level : codec->level_default;
		c->blob_digest = digest_new(DIGEST_SHA256);
		c->state = codec->new (c->level);
		make_blocks(c, (size_t)threads + SPARE_BLOCKS);
	}
	/* The caller's thread is one of them. */
	c->wanted_threads = threads - 1;
	*ret = c;
	return 0;
}

static void stop_threads(struct compress *c)
{
	(void)pthread_mutex_lock(&c->lock);
	c->ending = true;
	(void)pthread_cond_broadcast(&c->queued);
	(void)pthread_mutex_unlock(&c->lock);
	for (; c->n_threads > 0; c->n_threads--)
		(void)pthread_join(c->threads[c->n_threads - 1], NULL);
}

void compress_free(struct compress *c)
{
	if (!c)
		return;
	stop_threads(c);
	for (size_t i = 0; i < c->n_blocks; i++) {
		free(c->blocks[i].in);
		free(c->blocks[i].out);
	}
	free(c->blocks);
	free(c->frame_ends);
	if (c->state)
		c->codec->free(c->state);
	digest_free(c->diff_digest);
	digest_free(c->blob_digest);
	(void)pthread_cond_destroy(&c->queued);
	(void)pthread_cond_destroy(&c->done);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

/* ---- The stream, all by the caller's thread ---- */

static void note_end(struct compress *c)
{
	if (!c->cuts)
		return;
	if (c->n_ends == c->cap_ends) {
		c->cap_ends = c->cap_ends ? 2 * c->cap_ends : 256;
		c->frame_ends = xreallocarray(c->frame_ends, c->cap_ends, sizeof(*c->frame_ends));
	}
	c->frame_ends[c->n_ends++] = c->size;
}

static int emit(struct compress *c, struct block *b, struct err *e)
{
	if (b->out_len == 0)
		return err_set(e, EIO, "%s: the library failed", c->codec->name);
	digest_update(c->blob_digest, b->out, b->out_len);
	c->size += (int64_t)b->out_len;
	note_end(c);
	return c->to.write(c->to.ctx, b->out, b->out_len, e);
}

/* Have the first block done, by another thread or here.  Locked. */
static void finish_first(struct compress *c)
{
	struct block *first = block_at(c, 0);

	while (first->state != BLOCK_DONE) {
		struct block *b = take(c);

		if (b)
			work(c, b, c->state);
		else
			(void)pthread_cond_wait(&c->done, &c->lock);
	}
}

/* Give the sink what is done, in order, until at most `keep` blocks are under way. */
static int drain(struct compress *c, size_t keep, struct err *e)
{
	int r = 0;

	(void)pthread_mutex_lock(&c->lock);
	while (c->used && r >= 0) {
		struct block *first = block_at(c, 0);

		if (c->used > keep)
			finish_first(c);
		if (first->state != BLOCK_DONE)
			break;
		(void)pthread_mutex_unlock(&c->lock);
		r = emit(c, first, e);
		(void)pthread_mutex_lock(&c->lock);
		first->state = BLOCK_FREE;
		first->in_len = 0;
		c->first = (c->first + 1) % c->n_blocks;
		c->used--;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return r;
}

static void submit(struct compress *c)
{
	if (c->wanted_threads) {
		start_threads(c, c->wanted_threads);
		c->wanted_threads = 0;
	}
	(void)pthread_mutex_lock(&c->lock);
	block_at(c, c->used)->state = BLOCK_QUEUED;
	c->used++;
	c->frames++;
	(void)pthread_cond_signal(&c->queued);
	(void)pthread_mutex_unlock(&c->lock);
}

static int fill(struct compress *c, const uint8_t *p, size_t len, struct err *e)
{
	int r = 0;

	while (len && r >= 0) {
		struct block *b = block_at(c, c->used);
		size_t n = c->codec->block - b->in_len;

		if (n > len)
			n = len;
		memcpy(b->in + b->in_len, p, n);
		b->in_len += n;
		p += n;
		len -= n;
		if (b->in_len < c->codec->block)
			continue;
		submit(c);
		r = drain(c, c->n_blocks - 1, e);
	}
	return r;
}

int compress_write(struct compress *c, const void *data, size_t len, struct err *e)
{
	digest_update(c->diff_digest, data, len);
	c->plain_size += (int64_t)len;
	if (c->codec)
		return fill(c, data, len, e);
	return len ? c->to.write(c->to.ctx, data, len, e) : 0;
}

static int sink_write(void *ctx, const void *data, size_t len, struct err *e)
{
	return compress_write(ctx, data, len, e);
}

struct byte_sink compress_sink(struct compress *c)
{
	return (struct byte_sink){ sink_write, c };
}

int compress_cut(struct compress *c, size_t *ret_frames, struct err *e)
{
	int r = 0;

	assert(c->codec && c->cuts);
	if (block_at(c, c->used)->in_len) {
		submit(c);
		r = drain(c, c->n_blocks - 1, e);
	}
	*ret_frames = c->frames;
	return r;
}

int64_t compress_frame_at(const struct compress *c, size_t frames)
{
	assert(frames <= c->n_ends);
	return frames ? c->frame_ends[frames - 1] : 0;
}

int64_t compress_size(const struct compress *c)
{
	return c->codec ? c->size : c->plain_size;
}

int compress_append(struct compress *c, const void *data, size_t len, struct err *e)
{
	assert(c->codec && c->used == 0);
	digest_update(c->blob_digest, data, len);
	c->size += (int64_t)len;
	return c->to.write(c->to.ctx, data, len, e);
}

int compress_frame(struct compress *c, const void *data, size_t len, struct err *e)
{
	size_t size = c->codec->bound(len);
	autofree uint8_t *out = xreallocarray(NULL, size, 1);
	struct block b = { .out = out };

	assert(c->used == 0);
	digest_update(c->diff_digest, data, len);
	c->plain_size += (int64_t)len;
	c->frames++;
	b.out_len = c->codec->make(c->state, data, len, out, size);
	return emit(c, &b, e);
}

/* Nothing at all is a frame too: readers refuse a file of no bytes. */
static int end_frames(struct compress *c, struct err *e)
{
	if (c->used == 0)
		c->wanted_threads = 0;
	if (block_at(c, c->used)->in_len || (c->plain_size == 0 && c->frames == 0))
		submit(c);
	return drain(c, 0, e);
}

int compress_flush(struct compress *c, struct err *e)
{
	return c->codec ? end_frames(c, e) : 0;
}

int compress_end(struct compress *c, struct compress_result *ret, struct err *e)
{
	struct compress_result result = { .plain_size = c->plain_size };
	int r = c->codec ? end_frames(c, e) : 0;

	if (r < 0)
		return r;
	digest_final(c->diff_digest, result.diff_id);
	if (c->codec)
		digest_final(c->blob_digest, result.digest);
	else
		memcpy(result.digest, result.diff_id, sizeof(result.digest));
	result.size = c->codec ? c->size : c->plain_size;
	*ret = result;
	return 0;
}
