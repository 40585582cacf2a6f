/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/snapshot/internal.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define CLAIM_TRIES 16

/* 1: locked and still there; 0: a cleaner came between. */
static int claim(const struct snapshots *s, struct stage *st, struct err *e)
{
	struct stat named, here;

	st->fd = openat(s->tmpfd, st->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (st->fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open 'tmp/%s'", st->name);
	if (flock(st->fd, LOCK_EX) < 0 || fstat(st->fd, &here) < 0)
		return err_sys(e, "lock 'tmp/%s'", st->name);
	return fstatat(s->tmpfd, st->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == here.st_ino;
}

int stage_begin(const struct snapshots *s, struct stage *ret, struct err *e)
{
	for (int i = 0; i < CLAIM_TRIES; i++) {
		struct stage st = { .fd = -1 };
		int r = dir_make_temp_at(s->tmpfd, "snapshot-", 0700, &st.name, e);

		if (r >= 0)
			r = claim(s, &st, e);
		if (r > 0) {
			*ret = st;
			return 0;
		}
		stage_drop(s, &st);
		if (r < 0)
			return r;
	}
	return err_set(e, EBUSY, "others keep removing what is made in '%s/tmp'",
		       store_path(s->store));
}

void stage_drop(const struct snapshots *s, struct stage *st)
{
	/* Removed first: the lock must last as long as the name. */
	if (st->name && st->fd >= 0)
		(void)dir_remove_all_at(s->tmpfd, st->name, NULL);
	if (st->fd >= 0)
		(void)close(st->fd);
	free(st->name);
	*st = (struct stage){ .fd = -1 };
}

/* Without a boot id nobody can tell later whether the machine crashed. */
static int make_durable(int fd, struct err *e)
{
	autofd int mark = -1;

	if (syncfs(fd) < 0)
		return err_sys(e, "sync a snapshot");
	mark = openat(fd, "durable", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return mark < 0 || fsync(mark) < 0 ? err_sys(e, "mark a snapshot as durable") : 0;
}

static int write_info(const struct snapshots *s, const struct stage *st,
		      const struct snapshot_info *info, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = SNAPSHOT_INFO_MAX };
	int r;

	snapshot_info_encode(info, &text);
	r = strbuf_check(&text, SNAPSHOT_INFO_NAME, e);
	if (r >= 0)
		r = file_replace_at(st->fd, SNAPSHOT_INFO_NAME, text.data, text.len, 0644,
				    FILE_NO_SYNC, e);
	if (r >= 0 && !s->boot[0])
		r = make_durable(st->fd, e);
	return r;
}

/* What is there already: good, or left by a machine that crashed, or damaged. */
static int replace(const struct snapshots *s, struct stage *st, const char *key, struct err *e)
{
	autofd int fd = snapshot_open(s, key, NULL, NULL);

	if (fd < 0 && renameat2(s->tmpfd, st->name, s->dirfd, key, RENAME_EXCHANGE) < 0)
		return err_sys(e, "replace snapshot '%s'", key);
	/* Under the staged name is now what nobody needs. */
	(void)dir_remove_all_at(s->tmpfd, st->name, NULL);
	return 0;
}

int snapshots_lock(const struct snapshots *s, struct err *e)
{
	autofd int fd = openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd;

	while (fd >= 0 && (r = flock(fd, LOCK_EX)) < 0 && errno == EINTR)
		continue;
	return r < 0 ? err_sys(e, "lock '%s/%s'", store_path(s->store), SNAPSHOTS_DIR)
		     : steal_fd(&fd);
}

int stage_publish(const struct snapshots *s, struct stage *st, const char *key,
		  const struct snapshot_info *info, struct err *e)
{
	autofd int lock = -1;
	int r = store_hold_snapshot(s->store, key, e);

	if (r >= 0)
		r = write_info(s, st, info, e);
	if (r < 0)
		return r;
	lock = snapshots_lock(s, e);
	if (lock < 0)
		return lock;
	if (renameat2(s->tmpfd, st->name, s->dirfd, key, RENAME_NOREPLACE) < 0)
		r = errno == EEXIST ? replace(s, st, key, e)
				    : err_sys(e, "rename to snapshot '%s'", key);
	if (r < 0)
		return r;
	(void)close(st->fd);
	free(st->name);
	*st = (struct stage){ .fd = -1 };
	return 0;
}
