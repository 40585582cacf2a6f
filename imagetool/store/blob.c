/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs by digest: written once and hashed as they pass, read back. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "imagetool/errors.h"
#include "imagetool/store/internal.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

struct blob {
	const struct store *store;
	struct temp temp;
	struct digest *hash;
	enum digest_alg alg;
	char expected[DIGEST_TEXT_SIZE]; /* "" when not known before */
	int64_t expected_size;           /* -1 when not known before */
	int64_t size;
};

static enum digest_alg digest_alg_of(const char *digest)
{
	return starts_with(digest, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256;
}

int blob_path(const char *digest, char buf[BLOB_PATH_SIZE], struct err *e)
{
	int r = digest_check(digest, e);

	if (r < 0)
		return r;
	(void)snprintf(buf, BLOB_PATH_SIZE, "blobs/%.*s/%s", (int)(digest_hex(digest) - digest - 1),
		       digest, digest_hex(digest));
	return 0;
}

bool blob_exists(const struct store *s, const char *digest, int64_t size)
{
	return digest_check(digest, NULL) >= 0 && store_hold_blob(s, digest, NULL) >= 0 &&
	       blob_is_there(s, digest, size);
}

bool blob_is_there(const struct store *s, const char *digest, int64_t size)
{
	char path[BLOB_PATH_SIZE];
	struct stat st;

	if (blob_path(digest, path, NULL) < 0)
		return false;
	return fstatat(s->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       (size < 0 || st.st_size == size);
}

int blob_open(const struct store *s, const char *digest, int64_t *ret_size, struct err *e)
{
	char path[BLOB_PATH_SIZE];
	struct stat st;
	autofd int fd = -1;
	int r = blob_path(digest, path, e);

	if (r < 0)
		return r;
	fd = openat(s->dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, IMAGE_ENOTFOUND, "blob '%s' is not in store '%s'", digest,
			       s->path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open blob '%s'", digest);
	if (!S_ISREG(st.st_mode))
		return err_set(e, IMAGE_EVERIFY, "blob '%s' in '%s' is not a regular file", digest,
			       s->path);
	if (ret_size)
		*ret_size = st.st_size;
	return steal_fd(&fd);
}

int blob_read(const struct store *s, const char *digest, int64_t size, size_t max, char **ret,
	      size_t *ret_len, struct err *e)
{
	char found[DIGEST_TEXT_SIZE];
	autofree char *text = NULL;
	int64_t file_size;
	size_t len;
	autofd int fd = blob_open(s, digest, &file_size, e);
	int r;

	if (fd < 0)
		return fd;
	if (size >= 0 && file_size != size)
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' in store '%s' has %" PRId64 " bytes instead of %" PRId64,
			       digest, s->path, file_size, size);
	r = file_read_fd(fd, digest, max, &text, &len, e);
	if (r < 0)
		return r;
	digest_of(digest_alg_of(digest), text, len, found);
	if (!streq(found, digest))
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' in store '%s' is damaged: its digest is %s", digest,
			       s->path, found);
	*ret = steal_ptr(&text);
	*ret_len = len;
	return 0;
}

int blob_begin(struct store *s, const char *digest, int64_t size, struct blob **ret, struct err *e)
{
	auto_(blob) struct blob *b = xcalloc(1, sizeof(*b));
	int r = digest ? digest_check(digest, e) : 0;

	b->temp.fd = -1;
	if (r < 0)
		return r;
	b->store = s;
	b->alg = digest ? digest_alg_of(digest) : DIGEST_SHA256;
	b->expected_size = size;
	(void)snprintf(b->expected, sizeof(b->expected), "%s", digest ? digest : "");
	b->hash = digest_new(b->alg);
	r = temp_create(s, &b->temp, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&b);
	return 0;
}

static const char *blob_label(const struct blob *b)
{
	return b->expected[0] != '\0' ? b->expected : b->temp.name;
}

int blob_write(struct blob *b, const void *data, size_t len, struct err *e)
{
	int r;

	if (b->expected_size >= 0 && (uint64_t)len > (uint64_t)(b->expected_size - b->size))
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' is longer than the %" PRId64 " bytes it should have",
			       blob_label(b), b->expected_size);
	r = file_write_all(b->temp.fd, data, len, e);
	if (r < 0)
		return err_wrap(e, r, "write blob to '%s/tmp'", b->store->path);
	digest_update(b->hash, data, len);
	b->size += (int64_t)len;
	return 0;
}

int64_t blob_size(const struct blob *b)
{
	return b->size;
}

int blob_restart(struct blob *b, struct err *e)
{
	if (ftruncate(b->temp.fd, 0) < 0 || lseek(b->temp.fd, 0, SEEK_SET) < 0)
		return err_sys(e, "empty '%s/tmp/%s'", b->store->path, b->temp.name);
	digest_free(b->hash);
	b->hash = digest_new(b->alg);
	b->size = 0;
	return 0;
}

static int blob_verify(struct blob *b, char found[DIGEST_TEXT_SIZE], struct err *e)
{
	if (b->expected_size >= 0 && b->size != b->expected_size)
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' has %" PRId64 " bytes instead of %" PRId64, b->expected,
			       b->size, b->expected_size);
	digest_final(b->hash, found);
	if (b->expected[0] != '\0' && !streq(found, b->expected))
		return err_set(e, IMAGE_EVERIFY,
			       "blob '%s' arrived with another content: its digest is %s",
			       b->expected, found);
	return 0;
}

/* blobs/sha256 stands in every layout we make; blobs/sha512 comes with the first blob of that kind.
 */
int blob_make_parent(const struct store *s, const char *path, struct err *e)
{
	autofree char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	if (mkdirat(s->dirfd, dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "create '%s/%s'", s->path, dir);
	return 0;
}

static int blob_publish(struct blob *b, const char *digest, struct err *e)
{
	char path[BLOB_PATH_SIZE];
	int r = blob_path(digest, path, e);

	if (r >= 0)
		r = store_hold_blob(b->store, digest, e);
	if (r < 0)
		return r;
	r = blob_make_parent(b->store, path, e);
	if (r >= 0)
		r = blob_settle(b->store, b->temp.fd, e);
	if (r < 0)
		return r;
	return temp_publish(b->store, &b->temp, b->store->dirfd, path, false, e);
}

int blob_commit(struct blob *blob, char ret_digest[DIGEST_TEXT_SIZE], struct err *e)
{
	auto_(blob) struct blob *b = blob;
	char found[DIGEST_TEXT_SIZE];
	int r = blob_verify(b, found, e);

	if (r < 0)
		return r;
	r = blob_publish(b, found, e);
	if (r < 0)
		return r;
	if (ret_digest)
		memcpy(ret_digest, found, DIGEST_TEXT_SIZE);
	return 0;
}

void blob_abort(struct blob *b)
{
	if (!b)
		return;
	if (b->store)
		temp_drop(b->store, &b->temp);
	digest_free(b->hash);
	free(b);
}

int blob_add(struct store *s, const void *data, size_t len, char ret_digest[DIGEST_TEXT_SIZE],
	     struct err *e)
{
	char digest[DIGEST_TEXT_SIZE];
	auto_(blob) struct blob *b = NULL;
	int r;

	digest_of(DIGEST_SHA256, data, len, digest);
	if (ret_digest)
		memcpy(ret_digest, digest, DIGEST_TEXT_SIZE);
	if (blob_exists(s, digest, (int64_t)len))
		return 0;
	r = blob_begin(s, digest, (int64_t)len, &b, e);
	if (r < 0)
		return r;
	r = blob_write(b, data, len, e);
	if (r < 0)
		return r;
	return blob_commit(steal_ptr(&b), NULL, e);
}

int blob_add_text(struct store *s, const struct strbuf *text, const char *what,
		  const char *media_type, struct arena *a, struct image_descriptor *ret,
		  struct err *e)
{
	char digest[DIGEST_TEXT_SIZE];
	int r = strbuf_check(text, what, e);

	if (r >= 0)
		r = blob_add(s, text->data, text->len, digest, e);
	if (r >= 0)
		*ret = (struct image_descriptor){ .media_type = media_type,
						  .digest = arena_strdup(a, digest),
						  .size = { true, (int64_t)text->len } };
	return r;
}

int blob_settle(const struct store *s, int fd, struct err *e)
{
	if (s->boot[0])
		return boot_note(s, e);
	return fsync(fd) < 0 ? err_sys(e, "sync a blob of '%s'", s->path) : 0;
}
