/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/context/hash_files.h"

#include <errno.h>
#include <unistd.h>

#include "imagetool/context/hash_xattrs.h"
#include "imagetool/diff/content_hash.h"
#include "imagetool/interrupt.h"
#include "libutil/digest.h"

_Static_assert(CONTEXT_HASH_SIZE == FTREE_HASH_SIZE, "both are SHA-256");

/* Files up to here take one read(2). */
#define SMALL ((size_t)64 << 10)
/* Files that a thread takes at once. */
#define BATCH 32

void file_hashing_add(struct file_hashing *h, size_t index)
{
	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 256;
		h->wanted = xreallocarray(h->wanted, h->cap, sizeof(*h->wanted));
	}
	h->wanted[h->n++] = index;
}

void file_hashing_done(struct file_hashing *h)
{
	free(h->wanted);
	h->wanted = NULL;
}

/* One that has grown beyond the buffer is found by its size. */
static int hash_small(int fd, char *buf, uint8_t *ret, struct err *e)
{
	ssize_t n;

	do
		n = pread(fd, buf, SMALL, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "read");
	digest_bytes_of(DIGEST_SHA256, buf, (size_t)n, ret);
	return 0;
}

static int hash_file(struct file_hashing *h, size_t i, char *buf, struct err *e)
{
	size_t index = h->wanted[i];
	struct context_file *f = h->context->list.files[index];
	bool small = f->size < (int64_t)SMALL;
	autofd int fd = small ? context_open_unchecked(h->context, index, e)
			      : context_open_file(h->context, index, e);
	int r;

	if (fd < 0)
		return fd;
	r = small ? hash_small(fd, buf, h->hashes[i], e) : content_hash_fd(fd, h->hashes[i], e);
	if (r >= 0)
		r = hash_xattrs(fd, h->hashes[i], e);
	if (r < 0)
		(void)err_wrap(e, r, "'%s'", f->path);
	/* What was read is the listed file's when it still looks the same now; and what is
	 * something else by now may have failed because of that. */
	if (r >= 0 || context_check_file(h->context, index, fd, NULL) < 0)
		r = context_check_file(h->context, index, fd, e);
	if (r >= 0)
		f->hash = h->hashes[i];
	return r;
}

static void *run(void *ctx)
{
	struct file_hashing *h = ctx;
	autofree char *buf = xreallocarray(NULL, SMALL, 1);

	(void)pthread_mutex_lock(&h->mutex);
	while (h->next < h->n && !h->err.code) {
		size_t i = h->next, end = h->n - i < BATCH ? h->n : i + BATCH, at = i;
		struct err e = { 0 };
		int r = interrupt_check(&e);

		h->next = end;
		(void)pthread_mutex_unlock(&h->mutex);
		while (r >= 0 && at < end)
			r = hash_file(h, at++, buf, &e);
		(void)pthread_mutex_lock(&h->mutex);
		h->done += at - i;
		if (r < 0 && !h->err.code)
			h->err = e;
	}
	(void)pthread_mutex_unlock(&h->mutex);
	return NULL;
}

int file_hashing_run(struct file_hashing *h, struct err *e)
{
	if (h->n == 0)
		return 0;
	h->hashes = arena_alloc(&h->context->arena, h->n, sizeof(*h->hashes));
	(void)pthread_mutex_init(&h->mutex, NULL);
	/* One batch is done before a thread has started. */
	if (h->n <= BATCH)
		(void)run(h);
	else
		workers_run(run, h);
	(void)pthread_mutex_destroy(&h->mutex);
	return h->err.code ? err_take(e, &h->err) : 0;
}
