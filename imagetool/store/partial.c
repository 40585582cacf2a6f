/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "imagetool/errors.h"
#include "imagetool/store/internal.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

/* libcurl gives 16 KiB at a time: a write and a wake-up for each are a tenth of the whole. */
#define PARTIAL_CHUNK ((size_t)128 << 10)

struct partial {
	struct store *store;
	int fd;
	char *name; /* below the store's directory */
	char digest[DIGEST_TEXT_SIZE];
	int64_t size; /* bytes there; the writer's */
	int64_t expected;
	size_t gathered; /* bytes of `buf` that are still to be written */
	uint8_t buf[PARTIAL_CHUNK];
};

int64_t partial_look(const struct store *s, const char *digest)
{
	autofree char *name = xasprintf(PARTIAL_DIR "/%s", digest);
	struct stat st;

	if (digest_check(digest, NULL) < 0 || fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_size;
}

static int open_file(struct partial *p, struct err *e)
{
	const struct store *s = p->store;

	if (mkdirat(s->dirfd, PARTIAL_DIR, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "create '%s/" PARTIAL_DIR "'", s->path);
	p->fd = openat(s->dirfd, p->name,
		       O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	return p->fd < 0 ? err_sys(e, "create '%s/%s'", s->path, p->name) : 0;
}

/* Lock it, and see that it still has its name: who had it before us may have renamed or removed it
 * meanwhile.  1: ours; 0: the name is another file's or nobody's; -EBUSY, without setting `e`. */
static int claim(struct partial *p, struct stat *ret, struct err *e)
{
	struct stat named;
	int r;

	do
		r = flock(p->fd, LOCK_EX | LOCK_NB);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EWOULDBLOCK)
		return -EBUSY;
	if (r < 0 || fstat(p->fd, ret) < 0)
		return err_sys(e, "lock '%s/%s'", p->store->path, p->name);
	return fstatat(p->store->dirfd, p->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == ret->st_ino && named.st_dev == ret->st_dev;
}

static int take(struct partial *p, const struct stat *st, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, IMAGE_EVERIFY, "'%s/%s' is not a regular file", p->store->path,
			       p->name);
	p->size = st->st_size;
	/* More than the whole is nothing one could go on with. */
	return p->size > p->expected ? partial_restart(p, e) : 0;
}

/* One try: as partial_open(), or -EAGAIN when the file changed hands under us. */
static int try_open(struct partial *p, struct err *e)
{
	struct stat st;
	int r;

	if (blob_exists(p->store, p->digest, p->expected))
		return PARTIAL_THERE;
	r = open_file(p, e);
	if (r >= 0)
		r = claim(p, &st, e);
	if (r == -EBUSY)
		return PARTIAL_BUSY;
	if (r == 0)
		return -EAGAIN;
	/* Who committed between our look and our lock left the name to a new, empty file. */
	if (r > 0 && blob_exists(p->store, p->digest, p->expected)) {
		(void)unlinkat(p->store->dirfd, p->name, 0);
		return PARTIAL_THERE;
	}
	r = r < 0 ? r : take(p, &st, e);
	return r < 0 ? r : PARTIAL_OURS;
}

int partial_open(struct store *s, const char *digest, int64_t size, struct partial **ret,
		 struct err *e)
{
	auto_(partial) struct partial *p = xcalloc(1, sizeof(*p));
	int r = digest_check(digest, e);

	p->store = s;
	p->fd = -1;
	p->expected = size;
	if (r < 0)
		return r;
	memcpy(p->digest, digest, strlen(digest) + 1);
	p->name = xasprintf(PARTIAL_DIR "/%s", digest);
	do {
		close_at_exit(&p->fd);
		p->fd = -1;
		r = try_open(p, e);
	} while (r == -EAGAIN);
	if (r == PARTIAL_OURS)
		*ret = steal_ptr(&p);
	return r;
}

int64_t partial_size(const struct partial *p)
{
	return p->size;
}

int partial_flush(struct partial *p, struct err *e)
{
	int r = file_write_all(p->fd, p->buf, p->gathered, e);

	if (r < 0)
		return err_wrap(e, r, "write blob to '%s/" PARTIAL_DIR "'", p->store->path);
	p->size += (int64_t)p->gathered;
	p->gathered = 0;
	return 0;
}

int partial_write(struct partial *p, const void *data, size_t len, struct err *e)
{
	const uint8_t *from = data;

	if ((uint64_t)len > (uint64_t)(p->expected - p->size) - p->gathered)
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' is longer than the %" PRId64 " bytes it should have",
			       p->digest, p->expected);
	while (len > 0) {
		size_t room = PARTIAL_CHUNK - p->gathered;
		size_t n = len < room ? len : room;
		int r;

		memcpy(p->buf + p->gathered, from, n);
		p->gathered += n;
		from += n;
		len -= n;
		r = p->gathered == PARTIAL_CHUNK ? partial_flush(p, e) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int partial_restart(struct partial *p, struct err *e)
{
	p->gathered = 0;
	if (ftruncate(p->fd, 0) < 0)
		return err_sys(e, "empty '%s/%s'", p->store->path, p->name);
	p->size = 0;
	return 0;
}

int partial_read(const struct partial *p, int64_t offset, void *buf, size_t len, struct err *e)
{
	ssize_t n;

	do
		n = pread(p->fd, buf, len, offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "read '%s/%s'", p->store->path, p->name) : (int)n;
}

int partial_commit(struct partial *partial, struct err *e)
{
	auto_(partial) struct partial *p = partial;
	char path[BLOB_PATH_SIZE];
	int r = blob_path(p->digest, path, e);

	if (r >= 0)
		r = store_hold_blob(p->store, p->digest, e);
	if (r >= 0)
		r = blob_make_parent(p->store, path, e);
	if (r >= 0)
		r = blob_settle(p->store, p->fd, e);
	if (r < 0)
		return r;
	if (renameat(p->store->dirfd, p->name, p->store->dirfd, path) < 0)
		return err_sys(e, "rename '%s/%s' to '%s'", p->store->path, p->name, path);
	return 0;
}

void partial_close(struct partial *p)
{
	if (!p)
		return;
	/* So much less comes again. */
	if (p->fd >= 0 && p->gathered > 0)
		(void)partial_flush(p, NULL);
	close_at_exit(&p->fd);
	free(p->name);
	free(p);
}

void partial_disown(const struct partial *p)
{
	(void)unlinkat(p->store->dirfd, p->name, 0);
}
