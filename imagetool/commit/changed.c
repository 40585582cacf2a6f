/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/changed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "imagetool/diff/ftree_layers.h"
#include "imagetool/errors.h"
#include "libutil/dir.h"
#include "libutil/fd.h"
#include "libutil/file.h"

#define CONFIG_NAME "config.json"
#define CONFIG_MAX  ((size_t)4 << 20)

/* ---- Opening ---- */

static struct disk_ids *ranges_of(const struct oci_array *mappings, struct disk_id_map *ret)
{
	const struct spec_id_mapping *m = mappings->items;
	struct disk_ids *items = xcalloc(mappings->n + 1, sizeof(*items));

	for (size_t i = 0; i < mappings->n; i++)
		items[i] = (struct disk_ids){ .inside = (uint32_t)m[i].container_id.v,
					      .outside = (uint32_t)m[i].host_id.v,
					      .count = (uint32_t)m[i].size.v };
	*ret = (struct disk_id_map){ items, mappings->n };
	return items;
}

static void read_spec(struct changed *c)
{
	const struct spec_mount *mounts = c->spec->mounts.items;

	for (size_t i = 0; i < c->spec->mounts.n; i++)
		strv_add(&c->mount_points, mounts[i].destination);
	if (!c->spec->linux_)
		return;
	c->uids = ranges_of(&c->spec->linux_->uid_mappings, &c->scan.uids);
	c->gids = ranges_of(&c->spec->linux_->gid_mappings, &c->scan.gids);
}

/* Returns 0 when the directory is no bundle. */
static int open_spec(struct changed *c, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = file_read_at(c->dirfd, CONFIG_NAME, CONFIG_MAX, &text, &len, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = runtime_spec_decode(CONFIG_NAME, text, len, NULL, &c->arena, &c->spec, e);
	if (r < 0)
		return r;
	/* A root file system may hold a file of this name. */
	if (!c->spec->root || !c->spec->root->path)
		return 0;
	c->is_bundle = true;
	read_spec(c);
	return 1;
}

static int open_origin(struct changed *c, struct err *e)
{
	int r = origin_read(c->dirfd, &c->origin, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	c->scan.has_unpacked = c->origin.has_made;
	c->scan.unpacked = c->origin.made;
	if (c->origin.upper)
		c->upperfd = r = dir_open_at(c->dirfd, c->origin.upper, e);
	return r;
}

int changed_open(const char *path, struct changed *ret, struct err *e)
{
	int r;

	*ret = (struct changed){ .path = xstrdup(path), .rootfd = -1, .upperfd = -1 };
	ftree_init(&ret->old);
	ftree_init(&ret->now);
	ret->dirfd = r = dir_open_at(AT_FDCWD, path, e);
	if (r >= 0)
		r = open_spec(ret, e);
	if (r > 0)
		r = open_origin(ret, e);
	if (r >= 0)
		ret->rootfd = r = ret->is_bundle ? dir_open_at(ret->dirfd, ret->spec->root->path, e)
						 : dir_open_at(ret->dirfd, ".", e);
	return r < 0 ? err_wrap(e, r, "'%s'", path) : 0;
}

void changed_done(struct changed *c)
{
	if (!c->path)
		return;
	free(c->path);
	fd_close(&c->dirfd);
	fd_close(&c->rootfd);
	fd_close(&c->upperfd);
	origin_done(&c->origin);
	arena_done(&c->arena);
	free(c->uids);
	free(c->gids);
	strv_done(&c->mount_points);
	ftree_done(&c->old);
	ftree_done(&c->now);
	changes_done(&c->changes);
}

int changed_load_base(const struct changed *c, const struct store *s, struct image *ret,
		      struct err *e)
{
	int r;

	if (!c->origin.manifest)
		return err_set(e, EINVAL,
			       "'%s' does not say what image it was made of: give the image",
			       c->path);
	r = image_load(s, c->origin.manifest, NULL, ret, e);
	if (r != -IMAGE_ENOTFOUND || !*c->origin.image)
		return r;
	/* The manifest of an image that is kept for all platforms has no entry of its own. */
	err_clear(e);
	r = image_load(s, c->origin.image, NULL, ret, e);
	if (r >= 0 && !streq(ret->selected->digest, c->origin.manifest)) {
		image_done(ret);
		r = err_set(e, IMAGE_ENOTFOUND,
			    "'%s' was made of '%s' when that was %s, which is not in the store "
			    "any more",
			    c->path, c->origin.image, c->origin.manifest);
	}
	return r;
}

/* ---- Comparing ---- */

/* The directory is read by a thread of its own while the layers are. */
struct scanning {
	struct changed *c;
	int r;
	struct err e;
};

static void *scan(void *arg)
{
	struct scanning *s = arg;

	s->r = ftree_add_dir(&s->c->now, s->c->changes_fd, &s->c->scan, &s->c->notes, &s->e);
	return NULL;
}

static int read_both(struct changed *c, const struct store *s, const struct image *base,
		     struct err *e)
{
	struct scanning scanning = { .c = c };
	pthread_t thread;
	bool threaded = pthread_create(&thread, NULL, scan, &scanning) == 0;
	int r = ftree_add_image(&c->old, s, base, e);

	if (threaded)
		(void)pthread_join(thread, NULL);
	else
		(void)scan(&scanning);
	if (r >= 0 && scanning.r < 0)
		r = err_take(e, &scanning.e);
	return r;
}

/* An upper directory that does not stand for itself: what the overlay shows is compared. */
static int use_merged(struct changed *c, const char *why, struct err *e)
{
	struct statfs fs;

	if (fstatfs(c->rootfd, &fs) < 0)
		return err_sys(e, "statfs");
	if (fs.f_type != OVERLAYFS_SUPER_MAGIC)
		return err_set(e, EINVAL, "%s: mount the bundle, and try again", why);
	/* What the overlay shows has the ctime of what lies below. */
	c->scan.has_unpacked = false;
	ftree_done(&c->now);
	ftree_init(&c->now);
	c->scan.upper = 0;
	c->changes_fd = c->rootfd;
	return 0;
}

static int scan_upper(struct changed *c, struct err *e)
{
	int r;

	/* Its files are those that were touched. */
	c->scan.has_unpacked = false;
	/* Who mounted it is not known. */
	c->scan.upper = MARKS_TRUSTED | MARKS_USER;
	c->changes_fd = c->upperfd;
	r = ftree_add_dir(&c->now, c->upperfd, &c->scan, &c->notes, e);
	if (r >= 0 && c->notes.redirects)
		r = use_merged(c, "the overlay's upper directory refers to renamed lower files", e);
	return r;
}

/* One user's own files: on the disk all ids of the image are one. */
static bool one_id(const struct disk_id_map *ids)
{
	return ids->n == 1 && ids->items[0].count == 1;
}

/* Something was made to mount on: whether its directory changed otherwise only the image says. */
static bool has_mount_points(const struct changed *c)
{
	for (size_t i = 0; i < c->mount_points.n; i++) {
		const char *path = c->mount_points.v[i];

		if (ftree_lookup(&c->now, path, strlen(path), false))
			return true;
	}
	return false;
}

int changed_find(struct changed *c, const struct store *s, const struct image *base,
		 const struct changed_opts *opts, struct err *e)
{
	struct compare_opts how = { .checksum = opts->checksum,
				    .keep_ids = one_id(&c->scan.uids),
				    .mount_points = strv_argv(&c->mount_points) };
	int r = 0;

	c->changes_fd = c->rootfd;
	if (c->upperfd >= 0 && opts->whole)
		r = use_merged(c, "all files are wanted, the overlay's upper directory has some",
			       e);
	else if (c->upperfd >= 0)
		r = scan_upper(c, e);
	how.upper = c->scan.upper != 0;
	how.blind = opts->blind && how.upper && !has_mount_points(c);
	if (r >= 0 && !how.upper)
		r = read_both(c, s, base, e);
	else if (r >= 0 && !how.blind)
		r = ftree_add_image(&c->old, s, base, e);
	how.rootfd = c->changes_fd;
	if (r >= 0)
		r = compare_trees(&c->old, &c->now, &how, &c->changes, e);
	if (r >= 0 && opts->whole)
		changes_of_all(&c->now, &c->changes);
	return r < 0 ? err_wrap(e, r, "compare '%s' with '%s'", c->path, base->name) : 0;
}
