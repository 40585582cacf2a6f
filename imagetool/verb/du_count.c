/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/du_count.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/snapshot/info.h"
#include "imagetool/store/build_prune.h"
#include "imagetool/store/gc_mark.h"
#include "imagetool/store/partial.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

void du_done(struct du *du)
{
	free(du->images);
	arena_done(&du->arena);
	*du = (struct du){ 0 };
}

/* ---- One image ---- */

/* 0 for what is not there: other platforms of an index. */
static uint64_t blob_bytes(const struct store *s, const char *digest)
{
	int64_t size = 0;
	autofd int fd = blob_open(s, digest, &size, NULL);

	return fd < 0 ? 0 : (uint64_t)size;
}

/* 0 for one that is not there or makes no sense. */
static uint64_t snapshot_bytes(int dirfd, const char *key)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	autofree char *name = xasprintf("%s/" SNAPSHOT_INFO_NAME, key);
	autofree char *text = NULL;
	size_t len;

	if (dirfd < 0 || file_read_at(dirfd, name, SNAPSHOT_INFO_MAX, &text, &len, NULL) < 0 ||
	    snapshot_info_decode(text, len, &info, NULL) < 0 || info.size < 0)
		return 0;
	return (uint64_t)info.size;
}

/* What more than one image has: of each that was in `seen` before. */
static void note_shared(const struct digest_set *blobs, struct digest_set *seen,
			struct digest_set *shared)
{
	for (size_t i = 0; i < blobs->cap; i++) {
		if (blobs->slots[i] && !digest_set_add(seen, blobs->slots[i]))
			(void)digest_set_add(shared, blobs->slots[i]);
	}
}

static void count_image(const struct store *s, int snapshots, const struct gc_live *has,
			const struct digest_set *shared, struct du_image *image)
{
	for (size_t i = 0; i < has->blobs.cap; i++) {
		const char *digest = has->blobs.slots[i];
		uint64_t bytes = digest ? blob_bytes(s, digest) : 0;

		image->size += bytes;
		image->shared += digest && digest_set_has(shared, digest) ? bytes : 0;
	}
	for (size_t i = 0; i < has->snapshots.cap; i++) {
		if (has->snapshots.slots[i])
			image->unpacked += snapshot_bytes(snapshots, has->snapshots.slots[i]);
	}
}

static int count_images(const struct store *s, int snapshots, const struct image_index *index,
			struct du *du, struct err *e)
{
	const struct image_descriptor *all = index->manifests.items;
	size_t n = index->manifests.n;
	auto_(digest_set) struct digest_set seen = { 0 }, shared = { 0 };
	struct gc_live *live = xcalloc(n + 1, sizeof(*live));
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		r = gc_mark(s, &all[i], &live[i], e);
		note_shared(&live[i].blobs, &seen, &shared);
	}
	du->images = xcalloc(n + 1, sizeof(*du->images));
	for (size_t i = 0; i < n && r >= 0; i++) {
		struct du_image *image = &du->images[du->n++];

		image->name = store_name_of(&all[i]);
		image->digest = all[i].digest;
		count_image(s, snapshots, &live[i], &shared, image);
	}
	for (size_t i = 0; i < n; i++)
		gc_live_done(&live[i]);
	free(live);
	return r;
}

/* ---- Sums ---- */

static int count_file(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
		      struct err *e UNUSED)
{
	struct du_sum *sum = ctx;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
		sum->n++;
		sum->bytes += (uint64_t)st.st_size;
	}
	return 0;
}

static int count_snapshot(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
			  struct err *e UNUSED)
{
	struct du_sum *sum = ctx;
	char now[SNAPSHOT_KEY_SIZE];

	if (snapshot_key_is_legal(name) && !snapshot_key_moved(dirfd, name, now)) {
		sum->n++;
		sum->bytes += snapshot_bytes(dirfd, name);
	}
	return 0;
}

static int count_sums(const struct store *s, struct du *du, struct err *e)
{
	const struct {
		const char *dir;
		dir_entry_fn *fn;
		struct du_sum *sum;
	} parts[] = {
		{ "blobs/sha256", count_file, &du->blobs },
		{ "blobs/sha512", count_file, &du->blobs },
		{ "snapshots", count_snapshot, &du->snapshots },
		{ PARTIAL_DIR, count_file, &du->partials },
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		autofd int fd = dir_open_at(store_dirfd(s), parts[i].dir, NULL);
		int r = fd < 0 ? 0 : dir_each(fd, parts[i].fn, parts[i].sum, e);

		if (fd < 0 && fd != -ENOENT)
			return err_set(e, -fd, "open '%s/%s'", store_path(s), parts[i].dir);
		if (r < 0)
			return r;
	}
	return 0;
}

static int count_builds(const struct store *s, struct du *du, struct err *e)
{
	struct build_prune_result sum;
	int r = build_prune_count(s, &sum, e);

	if (r >= 0)
		du->builds = (struct du_sum){ sum.records, sum.bytes };
	return r;
}

int du_count(struct store *s, struct du *ret, struct err *e)
{
	static const struct store_gc_opts look = { .look_only = true };
	autofd int snapshots = dir_open_at(store_dirfd(s), "snapshots", NULL);
	struct image_index *index;
	int r = store_index(s, &ret->arena, &index, e);

	if (r >= 0)
		r = count_images(s, snapshots, index, ret, e);
	if (r >= 0)
		r = count_sums(s, ret, e);
	if (r >= 0)
		r = count_builds(s, ret, e);
	if (r >= 0)
		ret->counted =
			store_gc_with(s, &look, &ret->garbage, NULL) >= 0 && !ret->garbage.busy;
	return r;
}
