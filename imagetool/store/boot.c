/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crashes of the machine, without a sync for every blob.
 *
 * lock/boot says in which boot blobs were first written that nobody synced, and
 * since when: "<boot id> <seconds>".  It is written once in each boot, before the
 * first of them; one that is empty did not get to the disk itself: all are doubted.
 * Who opens the store for writing in a later boot hashes what was committed since
 * and removes what did not get to the disk.  Readers hash what they read anyway.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "imagetool/store/internal.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/log.h"

#define BOOT_FILE     "lock/boot"
#define BOOT_FILE_MAX 128
/* The clock may have been set meanwhile. */
#define CLOCK_DOUBT_S 3600
/* With so much behind it a mark is worth a sync of everything. */
#define MARK_AGE_S 3600

struct mark {
	char boot[BOOT_ID_SIZE];
	int64_t since;
};

bool boot_rename_orders(int fd)
{
	static const uint32_t kinds[] = { EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC };
	struct statfs fs;

	for (size_t i = 0; fstatfs(fd, &fs) == 0 && i < ARRAY_LEN(kinds); i++) {
		if ((uint32_t)fs.f_type == kinds[i])
			return true;
	}
	return false;
}

void boot_read_id(char ret[BOOT_ID_SIZE])
{
	autofree char *text = NULL;

	ret[0] = '\0';
	if (file_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", BOOT_ID_SIZE, &text, NULL,
			 NULL) >= 0)
		(void)snprintf(ret, BOOT_ID_SIZE, "%.*s", (int)strcspn(text, "\n"), text);
}

/* False when there is none. */
static bool read_mark(const struct store *s, struct mark *ret)
{
	autofree char *text = NULL;
	size_t len;
	char *end;

	*ret = (struct mark){ 0 };
	if (file_read_at(s->dirfd, BOOT_FILE, BOOT_FILE_MAX, &text, &len, NULL) < 0)
		return false;
	end = strchr(text, ' ');
	if (!end || end - text >= BOOT_ID_SIZE)
		return true;
	(void)snprintf(ret->boot, sizeof(ret->boot), "%.*s", (int)(end - text), text);
	ret->since = strtoll(end, NULL, 10);
	return true;
}

static int write_mark(const struct store *s, int64_t since, struct err *e)
{
	autofree char *text = xasprintf("%s %" PRId64 "\n", s->boot, since);

	return temp_replace(s, BOOT_FILE, text, strlen(text), e);
}

int boot_note(const struct store *s, struct err *e)
{
	struct hold *h = s->hold;
	struct mark mark;
	int r = 0;

	(void)pthread_mutex_lock(&h->mutex);
	if (!h->boot_noted && (!read_mark(s, &mark) || !streq(mark.boot, s->boot)))
		r = write_mark(s, (int64_t)time(NULL), e);
	h->boot_noted = r >= 0;
	(void)pthread_mutex_unlock(&h->mutex);
	return r;
}

/* ---- After a crash ---- */

struct check {
	const struct store *store;
	const char *alg;
	int64_t since;
	size_t removed;
};

static bool is_damaged(const struct check *c, int fd, const char *name)
{
	auto_(digest) struct digest *hash =
		digest_new(streq(c->alg, "sha512") ? DIGEST_SHA512 : DIGEST_SHA256);
	autofree char *buf = xcalloc(1, BOOT_CHUNK);
	char found[DIGEST_TEXT_SIZE];
	ssize_t n;

	while ((n = read(fd, buf, BOOT_CHUNK)) > 0)
		digest_update(hash, buf, (size_t)n);
	digest_final(hash, found);
	return n < 0 || !streq(digest_hex(found), name);
}

static int check_one(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
		     struct err *e)
{
	struct check *c = ctx;
	autofd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	/* The time of the change is that of the rename. */
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_ctime < c->since ||
	    !is_damaged(c, fd, name))
		return 0;
	log_debug("blob %s:%s did not get to the disk before the machine stopped", c->alg, name);
	c->removed++;
	return unlinkat(dirfd, name, 0) < 0 && errno != ENOENT
		       ? err_sys(e, "remove damaged blob '%s'", name)
		       : 0;
}

static int check_all(const struct store *s, int64_t since, struct err *e)
{
	struct check c = { .store = s, .since = since - CLOCK_DOUBT_S };

	for (size_t i = 0; i < ARRAY_LEN(blob_algorithms); i++) {
		autofree char *path = xasprintf("blobs/%s", blob_algorithms[i]);
		autofd int fd = dir_open_at(s->dirfd, path, NULL);
		int r;

		c.alg = blob_algorithms[i];
		r = fd < 0 ? 0 : dir_each(fd, check_one, &c, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int boot_recover(const struct store *s, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	struct mark mark;
	int unlocked, r;

	if (!s->boot[0] || !read_mark(s, &mark) || streq(mark.boot, s->boot))
		return 0;
	/* Nobody relies on anything meanwhile, and one of several does the work. */
	r = store_lock_gc(s, LOCK_EX, e);
	if (r < 0)
		return r;
	if (read_mark(s, &mark) && !streq(mark.boot, s->boot)) {
		r = check_all(s, mark.since, e);
		if (r >= 0)
			r = write_mark(s, now, e);
	}
	unlocked = store_lock_gc(s, LOCK_UN, r < 0 ? NULL : e);
	return r < 0 ? err_wrap(e, r, "look what the last crash left of '%s'", s->path) : unlocked;
}

int boot_settle(const struct store *s, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	struct mark mark;

	if (!s->boot[0] || !read_mark(s, &mark) || !streq(mark.boot, s->boot) ||
	    now - mark.since < MARK_AGE_S)
		return 0;
	if (syncfs(s->dirfd) < 0)
		return err_sys(e, "sync '%s'", s->path);
	return write_mark(s, now, e);
}
