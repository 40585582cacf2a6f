/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/dir_times.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/cleanup.h"

static size_t *find(const struct dir_times *d, ino_t ino)
{
	/* Fibonacci hashing: inodes of one layer tend to be consecutive. */
	size_t i = (size_t)(ino * 0x9e3779b97f4a7c15) & (d->n_slots - 1);

	while (d->slots[i] && d->rows[d->slots[i] - 1].ino != ino)
		i = (i + 1) & (d->n_slots - 1);
	return &d->slots[i];
}

static void grow(struct dir_times *d)
{
	d->cap = d->cap ? 2 * d->cap : 64;
	d->rows = xreallocarray(d->rows, d->cap, sizeof(*d->rows));
	free(d->slots);
	d->n_slots = 2 * d->cap;
	d->slots = xcalloc(d->n_slots, sizeof(*d->slots));
	for (size_t i = 0; i < d->n; i++)
		*find(d, d->rows[i].ino) = i + 1;
}

/* The way it was reached last is the one that is still there, when the other was through a link. */
static void rename_row(struct dir_time *row, const char *path, size_t len)
{
	if (strncmp(row->path, path, len) == 0 && !row->path[len])
		return;
	free(row->path);
	row->path = xstrndup(path, len);
}

static struct dir_time new_row(const char *path, size_t path_len, const struct stat *st)
{
	return (struct dir_time){
		.path = xstrndup(path, path_len),
		.ino = st->st_ino,
		.mtime = st->st_mtim,
		.mode = st->st_mode & 07777,
	};
}

void dir_times_made(struct dir_times *d, ino_t ino)
{
	size_t *slot = d->n ? find(d, ino) : NULL;

	if (slot && *slot)
		d->rows[*slot - 1].stale = true;
}

struct dir_time *dir_times_get(struct dir_times *d, const char *path, size_t path_len,
			       const struct stat *st, bool *ret_new)
{
	size_t *slot;

	if (d->n == d->cap)
		grow(d);
	slot = find(d, st->st_ino);
	*ret_new = *slot == 0;
	if (*ret_new) {
		d->rows[d->n++] = new_row(path, path_len, st);
		*slot = d->n;
	} else if (d->rows[*slot - 1].stale) {
		*ret_new = true;
		free(d->rows[*slot - 1].path);
		d->rows[*slot - 1] = new_row(path, path_len, st);
	} else {
		rename_row(&d->rows[*slot - 1], path, path_len);
	}
	return &d->rows[*slot - 1];
}

static int apply_row(const struct dir_time *row, int rootfd, struct err *e)
{
	struct timespec times[2] = { row->mtime, row->mtime };
	struct stat st;
	autofd int fd = beneath_open(rootfd, *row->path ? row->path : ".", O_RDONLY | O_DIRECTORY,
				     0, BENEATH_CHROOT, NULL);

	/* Removed or replaced by a later entry of the layer: its times are of no interest. */
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != row->ino)
		return 0;
	if (row->set_mode && fchmod(fd, row->mode) < 0)
		return err_sys(e, "set the mode of '%s'", row->path);
	if (futimens(fd, times) < 0)
		return err_sys(e, "set the times of '%s'", row->path);
	return 0;
}

static int longest_first(const void *a, const void *b)
{
	const struct dir_time *x = a, *y = b;
	size_t nx = strlen(x->path), ny = strlen(y->path);

	return (ny > nx) - (ny < nx);
}

int dir_times_apply(struct dir_times *d, int rootfd, struct err *e)
{
	int r = 0;

	/* A parent may lose its x bit, behind which its children could not be reached. */
	if (d->n)
		qsort(d->rows, d->n, sizeof(*d->rows), longest_first);
	for (size_t i = 0; i < d->n && r >= 0; i++)
		if (!d->rows[i].done || d->doubted)
			r = apply_row(&d->rows[i], rootfd, e);
	dir_times_done(d);
	return r;
}

void dir_times_done(struct dir_times *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->rows[i].path);
	free(d->rows);
	free(d->slots);
	*d = (struct dir_times){ 0 };
}
