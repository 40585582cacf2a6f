/* SPDX-License-Identifier: Apache-2.0 */
/* A tar stream into a directory of STORE/tmp; whatever it says, nothing comes to lie outside. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/context/internal.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/apply.h"
#include "libutil/dir.h"

#define CLAIM_TRIES 16

/* ---- The directory: locked while its maker lives, see store.h ---- */

/* 1: locked and still there; 0: a cleaner came between. */
static int claim(struct spool *s, struct err *e)
{
	struct stat named, here;

	s->fd = openat(s->tmpfd, s->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open 'tmp/%s'", s->name);
	if (flock(s->fd, LOCK_EX) < 0 || fstat(s->fd, &here) < 0)
		return err_sys(e, "lock 'tmp/%s'", s->name);
	return fstatat(s->tmpfd, s->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == here.st_ino;
}

static void drop(struct spool *s)
{
	/* Removed first: the lock must last as long as the name. */
	if (s->name && s->fd >= 0)
		(void)dir_remove_all_at(s->tmpfd, s->name, NULL);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->name);
	s->name = NULL;
	s->fd = -1;
}

void spool_done(struct spool *s)
{
	drop(s);
	if (s->tmpfd >= 0)
		(void)close(s->tmpfd);
	s->tmpfd = -1;
}

static int begin(struct spool *s, const struct store *store, struct err *e)
{
	s->tmpfd = dir_open_at(store_dirfd(store), "tmp", e);
	if (s->tmpfd < 0)
		return s->tmpfd;
	for (int i = 0; i < CLAIM_TRIES; i++) {
		int r = dir_make_temp_at(s->tmpfd, "context-", 0700, &s->name, e);

		if (r >= 0)
			r = claim(s, e);
		if (r != 0)
			return r;
		drop(s);
	}
	return err_set(e, EBUSY, "others keep removing what is made in '%s/tmp'",
		       store_path(store));
}

/* ---- The stream ---- */

struct stream {
	struct decompress *from;
	struct layer_budget *budget;
};

static int next_bytes(void *ctx, const uint8_t **ret, struct err *e)
{
	struct stream *s = ctx;
	int n = decompress_next(s->from, ret, e);
	int r = n > 0 ? layer_budget_take_bytes(s->budget, n, e) : 0;

	if (n > 0 && r >= 0)
		r = interrupt_check(e);
	return r < 0 ? r : n;
}

static int next_entry(void *ctx, struct err *e)
{
	struct stream *s = ctx;

	return layer_budget_take_entry(s->budget, e);
}

static int unpack(int rootfd, struct byte_source from, struct layer_budget *budget, struct err *e)
{
	auto_(decompress) struct decompress *d = NULL;
	auto_(apply) struct apply *a = apply_new(rootfd);
	auto_(tar_reader) struct tar_reader *t = NULL;
	struct stream s = { .budget = budget };
	int r = decompress_new_archive(from, &d, e);

	if (r < 0)
		return r;
	s.from = d;
	t = tar_reader_new(
		(struct tar_source){ .next = next_bytes, .ctx = &s, .entry = next_entry });
	r = apply_layer(a, t, e);
	return r < 0 ? r : tar_drain(t, e);
}

int spool_tar(struct spool *s, const struct store *store, struct byte_source from,
	      struct layer_budget *budget, struct err *e)
{
	autofd int fd = -1;
	int r = begin(s, store, e);

	if (r < 0)
		return r;
	/* The root below stays closed to others whatever mode the stream gives its own. */
	if (mkdirat(s->fd, "root", 0755) < 0)
		return err_sys(e, "make directory 'root'");
	fd = dir_open_at(s->fd, "root", e);
	if (fd < 0)
		return fd;
	r = unpack(fd, from, budget, e);
	return r < 0 ? r : steal_fd(&fd);
}
