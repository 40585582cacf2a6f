/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage collection: mark what index.json reaches, remove the other blobs.
 *
 * It runs only while nobody else has the store open, so no pull can be between
 * "this blob is here already" and "the image is named".  A document that cannot be
 * read ends the collection before anything is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/digest_set.h"
#include "imagetool/store/image.h"
#include "imagetool/store/internal.h"
#include "libutil/dir.h"

/* Indexes in indexes; nobody builds more than two. */
#define GC_MAX_DEPTH 8

static int mark(const struct store *s, const struct image_descriptor *desc, int depth,
		struct digest_set *live, struct err *e);

static int mark_manifest(const struct store *s, const char *digest, const char *text, size_t len,
			 int depth, struct digest_set *live, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *layers;
	struct image_manifest *m;
	int r = image_manifest_decode(digest, text, len, &a, &m, e);

	if (r < 0)
		return r;
	if (m->config)
		(void)digest_set_add(live, m->config->digest);
	layers = m->layers.items;
	for (size_t i = 0; i < m->layers.n; i++)
		(void)digest_set_add(live, layers[i].digest);
	return m->subject ? mark(s, m->subject, depth + 1, live, e) : 0;
}

static int mark_index(const struct store *s, const char *digest, const char *text, size_t len,
		      int depth, struct digest_set *live, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = image_index_decode(digest, text, len, &a, &index, e);

	entries = r < 0 ? NULL : index->manifests.items;
	for (size_t i = 0; r >= 0 && i < index->manifests.n; i++)
		r = mark(s, &entries[i], depth + 1, live, e);
	if (r >= 0 && index->subject)
		r = mark(s, index->subject, depth + 1, live, e);
	return r;
}

static int mark(const struct store *s, const struct image_descriptor *desc, int depth,
		struct digest_set *live, struct err *e)
{
	enum media_kind kind = descriptor_kind(desc);
	autofree char *text = NULL;
	size_t len;
	int r;

	if (!digest_set_add(live, desc->digest))
		return 0;
	if (kind != MEDIA_MANIFEST && kind != MEDIA_INDEX)
		return 0;
	if (depth > GC_MAX_DEPTH)
		return err_set(e, IMAGE_EVERIFY, "'%s' lies in too many indexes", desc->digest);
	/* A layout may lack parts: other platforms of an index, the subject of a signature. */
	if (!blob_exists(s, desc->digest, -1))
		return 0;
	r = blob_read(s, desc->digest, -1, IMAGE_MANIFEST_MAX, &text, &len, e);
	if (r < 0)
		return r;
	if (kind == MEDIA_INDEX)
		return mark_index(s, desc->digest, text, len, depth, live, e);
	return mark_manifest(s, desc->digest, text, len, depth, live, e);
}

static int mark_all(const struct store *s, struct digest_set *live, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor *entries;
	struct image_index *index;
	int r = store_index(s, &a, &index, e);

	entries = r < 0 ? NULL : index->manifests.items;
	for (size_t i = 0; r >= 0 && i < index->manifests.n; i++)
		r = mark(s, &entries[i], 0, live, e);
	return r;
}

struct sweep {
	const struct digest_set *live;
	const char *alg;
	struct store_gc_result *result;
};

static int sweep_one(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
		     struct err *e)
{
	struct sweep *sweep = ctx;
	char digest[DIGEST_TEXT_SIZE];
	struct stat st;
	int n = snprintf(digest, sizeof(digest), "%s:%s", sweep->alg, name);

	/* What does not look like a blob was put here by somebody for some reason. */
	if (n < 0 || (size_t)n >= sizeof(digest) || digest_check(digest, NULL) < 0 ||
	    digest_set_has(sweep->live, digest))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look at blob '%s'", digest);
	if (unlinkat(dirfd, name, 0) < 0)
		return err_sys(e, "remove blob '%s'", digest);
	sweep->result->blobs++;
	sweep->result->bytes += (uint64_t)st.st_size;
	return 0;
}

static int sweep_all(const struct store *s, const struct digest_set *live,
		     struct store_gc_result *result, struct err *e)
{
	static const char *const algs[] = { "sha256", "sha512" };

	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		struct sweep sweep = { .live = live, .alg = algs[i], .result = result };
		char path[32];
		autofd int fd = -1;
		int r;

		(void)snprintf(path, sizeof(path), "blobs/%s", algs[i]);
		fd = dir_open_at(s->dirfd, path, NULL);
		if (fd == -ENOENT)
			continue;
		r = fd < 0 ? err_set(e, -fd, "open '%s/%s'", s->path, path)
			   : dir_each(fd, sweep_one, &sweep, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int collect(const struct store *s, struct store_gc_result *result, struct err *e)
{
	auto_(digest_set) struct digest_set live = { 0 };
	int r = mark_all(s, &live, e);

	return r < 0 ? r : sweep_all(s, &live, result, e);
}

int store_gc(struct store *s, struct store_gc_result *ret, struct err *e)
{
	struct store_gc_result result = { 0 };
	int r = store_lock_alone(s, e);
	int shared;

	if (r > 0)
		r = collect(s, &result, e);
	else if (r == 0)
		result.busy = true;
	shared = store_lock_share(s, r < 0 ? NULL : e);
	if (r < 0)
		return err_wrap(e, r, "collect garbage in store '%s'", s->path);
	if (shared < 0)
		return shared;
	*ret = result;
	return 0;
}
