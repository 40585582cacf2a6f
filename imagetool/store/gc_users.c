/* SPDX-License-Identifier: Apache-2.0 */
/* What processes hold and leases name, for the collector. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "imagetool/errors.h"
#include "imagetool/store/build_cache.h"
#include "imagetool/store/gc_mark.h"
#include "imagetool/store/image.h"
#include "imagetool/store/internal.h"
#include "imagetool/store/lease.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/strv.h"

#define HOLD_MAX ((size_t)64 << 20)

static int mark_deep(const struct store *s, const char *digest, const char *media_type,
		     struct gc_live *live, struct err *e)
{
	struct image_descriptor desc = { .media_type = media_type, .digest = digest };

	return gc_mark(s, &desc, live, e);
}

static int mark_line(const struct store *s, const char *line, struct gc_live *live, struct err *e)
{
	const char *what;

	/* The last line of a process that is killed while it writes has no end and no meaning. */
	if (line[0] == '\0' || line[1] != ' ')
		return 0;
	what = line + 2;
	switch ((enum hold_kind)line[0]) {
	case HOLD_SNAPSHOT:
		(void)digest_set_add(&live->snapshots, what);
		return 0;
	case HOLD_BLOB:
		(void)digest_set_add(&live->blobs, what);
		return 0;
	case HOLD_MANIFEST:
		return mark_deep(s, what, MEDIA_OCI_MANIFEST, live, e);
	case HOLD_INDEX:
		return mark_deep(s, what, MEDIA_OCI_INDEX, live, e);
	}
	return 0;
}

struct holds {
	const struct store *store;
	struct gc_live *live;
};

static int mark_hold_file(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
			  struct err *e)
{
	struct holds *h = ctx;
	auto_(strv) struct strv lines = { 0 };
	autofree char *text = NULL;
	autofd int fd = -1;
	size_t len;
	int r;

	if (!starts_with(name, HOLD_PREFIX))
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "open '%s/tmp/%s'", h->store->path, name);
	/* Its process is gone. */
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	r = file_read_fd(fd, name, HOLD_MAX, &text, &len, e);
	if (r < 0)
		return r;
	strv_split(&lines, text, '\n', true);
	for (size_t i = 0; i < lines.n && r >= 0; i++)
		r = mark_line(h->store, lines.v[i], h->live, e);
	return r < 0 ? r : 0;
}

int gc_mark_holds(const struct store *s, struct gc_live *live, struct err *e)
{
	struct holds h = { .store = s, .live = live };

	return dir_each(s->tmpfd, mark_hold_file, &h, e);
}

struct leases {
	const struct store *store;
	bool look_only;
	struct gc_live *live;
};

/* The kind of a blob is not stated: what decodes as a manifest or index is followed as such. */
static int mark_leased(const struct store *s, const char *digest, struct gc_live *live,
		       struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct image_manifest *m;
	struct image_index *x;
	int64_t size;
	size_t len;
	autofd int fd = blob_open(s, digest, &size, NULL);

	if (fd >= 0 && size <= (int64_t)IMAGE_MANIFEST_MAX &&
	    blob_read(s, digest, -1, IMAGE_MANIFEST_MAX, &text, &len, NULL) >= 0) {
		if (image_manifest_decode(digest, text, len, &a, &m, NULL) >= 0)
			return mark_deep(s, digest, MEDIA_OCI_MANIFEST, live, e);
		if (image_index_decode(digest, text, len, &a, &x, NULL) >= 0)
			return mark_deep(s, digest, MEDIA_OCI_INDEX, live, e);
	}
	(void)digest_set_add(&live->blobs, digest);
	return 0;
}

static int mark_lease(const struct lease *l, void *ctx, struct err *e)
{
	struct leases *leases = ctx;
	int r = 0;

	if (!lease_lives(l)) {
		autofree char *name = xasprintf("leases/%s", l->id);

		if (!leases->look_only && unlinkat(leases->store->dirfd, name, 0) < 0 &&
		    errno != ENOENT)
			return err_sys(e, "remove lease '%s'", l->id);
		return 0;
	}
	for (size_t i = 0; i < l->n_snapshots; i++)
		(void)digest_set_add(&leases->live->snapshots, l->snapshots[i]);
	for (size_t i = 0; i < l->n_digests && r >= 0; i++)
		r = mark_leased(leases->store, l->digests[i], leases->live, e);
	return r < 0 ? r : 0;
}

int gc_mark_leases(const struct store *s, bool look_only, struct gc_live *live, struct err *e)
{
	struct leases leases = { .store = s, .look_only = look_only, .live = live };

	return lease_each(s, mark_lease, &leases, e);
}

static int mark_build(const char *key UNUSED, const struct build_record *rec, void *ctx,
		      struct err *e UNUSED)
{
	struct gc_live *live = ctx;

	if (rec->snapshot && rec->snapshot[0])
		(void)digest_set_add(&live->snapshots, rec->snapshot);
	for (size_t i = 0; i < rec->n_layers; i++)
		(void)digest_set_add(&live->blobs, rec->layers[i].digest);
	return 0;
}

int gc_mark_builds(const struct store *s, struct gc_live *live, struct err *e)
{
	return build_cache_each(s, mark_build, live, e);
}

static int mark_moved(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
		      struct err *e UNUSED)
{
	struct gc_live *live = ctx;
	char now[SNAPSHOT_KEY_SIZE];

	if (digest_set_has(&live->snapshots, name) && snapshot_key_moved(dirfd, name, now))
		(void)digest_set_add(&live->snapshots, now);
	return 0;
}

int gc_mark_moved(const struct store *s, struct gc_live *live, struct err *e)
{
	autofd int fd = dir_open_at(s->dirfd, "snapshots", NULL);

	if (fd == -ENOENT)
		return 0;
	return fd < 0 ? err_set(e, -fd, "open '%s/snapshots'", s->path)
		      : dir_each(fd, mark_moved, live, e);
}
