/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/store/internal.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"

#define CHECKERS_MAX 8
#define CHUNK        ((size_t)128 << 10)

struct checking {
	const struct store *store;
	struct strv digests;
	pthread_mutex_t mutex;
	/* Under the mutex. */
	size_t next;
	struct store_check_result result;
	int error;
	struct err err;
};

void store_check_result_done(struct store_check_result *r)
{
	strv_done(&r->damaged);
}

/* ---- Which there are ---- */

struct listing {
	const char *alg;
	struct strv *digests;
};

static int list_one(int dirfd UNUSED, const char *name, unsigned char d_type UNUSED, void *ctx,
		    struct err *e UNUSED)
{
	struct listing *l = ctx;
	autofree char *digest = xasprintf("%s:%s", l->alg, name);

	if (digest_check(digest, NULL) >= 0)
		strv_add(l->digests, digest);
	return 0;
}

static int list_all(const struct store *s, struct strv *digests, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(blob_algorithms); i++) {
		struct listing l = { .alg = blob_algorithms[i], .digests = digests };
		autofree char *path = xasprintf("blobs/%s", blob_algorithms[i]);
		autofd int fd = dir_open_at(s->dirfd, path, NULL);
		int r = fd < 0 ? 0 : dir_each(fd, list_one, &l, e);

		if (fd < 0 && fd != -ENOENT)
			return err_set(e, -fd, "open '%s/%s'", s->path, path);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- One blob ---- */

/* 1: as it should be; 0: not. */
static int check_blob(const struct store *s, const char *digest, char *buf, uint64_t *ret_size,
		      struct err *e)
{
	auto_(digest) struct digest *hash =
		digest_new(starts_with(digest, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256);
	char found[DIGEST_TEXT_SIZE];
	autofd int fd = blob_open(s, digest, NULL, e);
	ssize_t n;

	/* Collected meanwhile is no damage; no regular file is. */
	if (fd < 0)
		return fd == -IMAGE_ENOTFOUND ? 1 : fd == -IMAGE_EVERIFY ? 0 : fd;
	while ((n = read(fd, buf, CHUNK)) > 0) {
		digest_update(hash, buf, (size_t)n);
		*ret_size += (uint64_t)n;
		if (interrupt_check(e) < 0)
			return -EINTR;
	}
	/* A disk that cannot read it anymore has damaged it as well. */
	if (n < 0)
		return errno == EIO ? 0 : err_sys(e, "read blob '%s'", digest);
	digest_final(hash, found);
	return streq(found, digest);
}

static void *check_some(void *ctx)
{
	struct checking *c = ctx;
	autofree char *buf = xcalloc(1, CHUNK);

	(void)pthread_mutex_lock(&c->mutex);
	while (c->error == 0 && c->next < c->digests.n) {
		const char *digest = c->digests.v[c->next++];
		struct err e = { 0 };
		uint64_t size = 0;
		int r;

		(void)pthread_mutex_unlock(&c->mutex);
		r = check_blob(c->store, digest, buf, &size, &e);
		(void)pthread_mutex_lock(&c->mutex);
		if (r < 0 && c->error == 0) {
			c->error = r;
			c->err = e;
		}
		if (r == 0)
			strv_add(&c->result.damaged, digest);
		c->result.blobs++;
		c->result.bytes += size;
	}
	(void)pthread_mutex_unlock(&c->mutex);
	return NULL;
}

int store_check_blobs(const struct store *s, struct store_check_result *ret, struct err *e)
{
	struct checking c = { .store = s };
	pthread_t threads[CHECKERS_MAX];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = 0;
	int r = list_all(s, &c.digests, e);

	(void)pthread_mutex_init(&c.mutex, NULL);
	/* This thread is one of them. */
	while (r >= 0 && n < CHECKERS_MAX && (long)n + 1 < cpus &&
	       pthread_create(&threads[n], NULL, check_some, &c) == 0)
		n++;
	if (r >= 0)
		(void)check_some(&c);
	for (size_t i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	(void)pthread_mutex_destroy(&c.mutex);
	strv_done(&c.digests);
	if (r >= 0 && c.error < 0) {
		r = c.error;
		if (e)
			*e = c.err;
	}
	if (r < 0)
		store_check_result_done(&c.result);
	else
		*ret = c.result;
	return r < 0 ? r : 0;
}

int store_remove_blob(struct store *s, const char *digest, struct err *e)
{
	char path[BLOB_PATH_SIZE];
	int r = blob_path(digest, path, e);

	if (r < 0)
		return r;
	if (unlinkat(s->dirfd, path, 0) == 0 || errno == ENOENT)
		return 0;
	return dir_remove_all_at(s->dirfd, path, e);
}
