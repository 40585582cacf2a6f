/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/pull/feed.h"

#include <errno.h>

void feed_init(struct feed *f, struct store *s, const char *digest, int64_t size)
{
	*f = (struct feed){ .digest = digest, .size = size, .store = s, .blobfd = -1 };
	(void)pthread_mutex_init(&f->mutex, NULL);
	(void)pthread_cond_init(&f->changed, NULL);
}

void feed_done(struct feed *f)
{
	partial_close(f->partial);
	close_at_exit(&f->blobfd);
	(void)pthread_mutex_destroy(&f->mutex);
	(void)pthread_cond_destroy(&f->changed);
}

static void set(struct feed *f, enum feed_state state, int64_t arrived)
{
	(void)pthread_mutex_lock(&f->mutex);
	if (f->state != FEED_ENDED)
		f->state = state;
	f->arrived = arrived;
	(void)pthread_cond_broadcast(&f->changed);
	(void)pthread_mutex_unlock(&f->mutex);
}

/* ---- The receiving side ---- */

static int begin(void *feed, int64_t *ret_size, struct err *e)
{
	struct feed *f = feed;
	int r = partial_open(f->store, f->digest, f->size, &f->partial, e);

	if (r < 0)
		return r;
	switch ((enum partial_found)r) {
	case PARTIAL_THERE:
		feed_set_stored(f);
		return DOWNLOAD_THERE;
	case PARTIAL_BUSY:
		*ret_size = partial_look(f->store, f->digest);
		return DOWNLOAD_LATER;
	case PARTIAL_OURS:
		break;
	}
	*ret_size = partial_size(f->partial);
	f->resumed = *ret_size > 0;
	set(f, FEED_ARRIVING, *ret_size);
	return DOWNLOAD_GO;
}

static int write_part(void *feed, const void *data, size_t len, struct err *e)
{
	struct feed *f = feed;
	int r = partial_write(f->partial, data, len, e);

	if (r >= 0 && partial_size(f->partial) > f->arrived)
		set(f, FEED_ARRIVING, partial_size(f->partial));
	return r;
}

static int end(void *feed, struct err *e)
{
	struct feed *f = feed;
	int r;

	if (f->state == FEED_STORED)
		return 0;
	r = partial_flush(f->partial, e);
	if (r >= 0)
		set(f, FEED_WHOLE, partial_size(f->partial));
	return r;
}

const struct download_sink feed_sink = {
	.begin = begin,
	.write = write_part,
	.end = end,
};

void feed_set_stored(struct feed *f)
{
	set(f, FEED_STORED, f->size);
}

void feed_cancel(struct feed *f)
{
	set(f, FEED_ENDED, f->arrived);
}

/* ---- The worker's side ---- */

/* Until byte `offset` is there, or the end.  Returns how many bytes follow it. */
static int64_t wait_for(struct feed *f, int64_t offset, enum feed_state *ret_state)
{
	int64_t there;

	(void)pthread_mutex_lock(&f->mutex);
	while (f->state == FEED_WAITING || (f->state == FEED_ARRIVING && f->arrived <= offset))
		(void)pthread_cond_wait(&f->changed, &f->mutex);
	there = f->arrived - offset;
	*ret_state = f->state;
	(void)pthread_mutex_unlock(&f->mutex);
	return there;
}

bool feed_has_begun(struct feed *f)
{
	bool begun;

	(void)pthread_mutex_lock(&f->mutex);
	begun = f->state != FEED_WAITING;
	(void)pthread_mutex_unlock(&f->mutex);
	return begun;
}

static int cancelled(struct err *e)
{
	return err_set(e, ECANCELED, "the pull has ended");
}

int feed_wait(struct feed *f, struct err *e)
{
	enum feed_state state;

	(void)wait_for(f, 0, &state);
	return state == FEED_ENDED ? cancelled(e) : 0;
}

static int read_stored(struct feed *f, void *buf, size_t len, struct err *e)
{
	ssize_t n;

	if (f->blobfd < 0) {
		f->blobfd = blob_open(f->store, f->digest, NULL, e);
		if (f->blobfd < 0)
			return f->blobfd;
	}
	do
		n = pread(f->blobfd, buf, len, f->consumed);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "read blob '%s'", f->digest) : (int)n;
}

int feed_read(void *feed, void *buf, size_t size, struct err *e)
{
	struct feed *f = feed;
	enum feed_state state;
	int64_t there = wait_for(f, f->consumed, &state);
	int n;

	if (state == FEED_ENDED)
		return cancelled(e);
	if (there <= 0)
		return 0;
	if ((uint64_t)there < size)
		size = (size_t)there;
	n = state == FEED_STORED ? read_stored(f, buf, size, e)
				 : partial_read(f->partial, f->consumed, buf, size, e);
	if (n > 0)
		__atomic_store_n(&f->consumed, f->consumed + n, __ATOMIC_RELAXED);
	return n;
}

int feed_commit(struct feed *f, struct err *e)
{
	int r;

	if (!f->partial)
		return 0;
	r = partial_commit(f->partial, e);
	f->partial = NULL;
	return r;
}

bool feed_discard(struct feed *f)
{
	if (!f->partial)
		return false;
	partial_disown(f->partial);
	return f->resumed;
}
