/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/build_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/store/internal.h"
#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define RECORD_MAX ((size_t)64 << 10)

static char *path_of(const char *key)
{
	return xasprintf(BUILD_CACHE_DIR "/%s", key);
}

/* 1, or 0 when there is none that can be read. */
static int read_record(int dirfd, const char *name, struct build_record *ret)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	autofree char *text = NULL;
	struct stat st;
	size_t len;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (file_read_stat(fd, name, &st, RECORD_MAX, &text, &len, NULL) < 0 ||
	    build_record_decode(text, len, ret, NULL) < 0)
		return 0;
	ret->used = st.st_mtim.tv_sec;
	return 1;
}

static int hold_all(const struct store *s, const struct build_record *r, struct err *e)
{
	int n = r->snapshot && r->snapshot[0] ? store_hold_snapshot(s, r->snapshot, e) : 0;

	for (size_t i = 0; n >= 0 && i < r->n_layers; i++)
		n = store_hold_blob(s, r->layers[i].digest, e);
	return n;
}

int build_cache_find(const struct store *s, const char *key, struct build_record *ret,
		     struct err *e)
{
	auto_(build_record) struct build_record rec = { 0 };
	autofree char *path = path_of(key);
	int r = read_record(s->dirfd, path, &rec);

	if (r > 0 && !streq(rec.key, key)) {
		autofree char *other = path_of(rec.key);
		char wanted[BUILD_KEY_SIZE];

		memcpy(wanted, rec.key, sizeof(wanted));
		build_record_done(&rec);
		r = read_record(s->dirfd, other, &rec);
		/* One step, no more. */
		if (r > 0 && !streq(rec.key, wanted))
			r = 0;
	}
	if (r <= 0)
		return r;
	r = hold_all(s, &rec, e);
	if (r < 0)
		return r;
	*ret = rec;
	rec = (struct build_record){ 0 };
	return 1;
}

void build_cache_touch(const struct store *s, const char *key)
{
	autofree char *path = path_of(key);

	/* Failing costs nothing but an early end. */
	(void)utimensat(s->dirfd, path, NULL, AT_SYMLINK_NOFOLLOW);
}

static int make_dirs(const struct store *s, struct err *e)
{
	static const char *const dirs[] = { BUILD_DIR, BUILD_CACHE_DIR };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (mkdirat(s->dirfd, dirs[i], 0700) < 0 && errno != EEXIST)
			return err_sys(e, "create '%s/%s'", s->path, dirs[i]);
	return 0;
}

static int write_record(const struct store *s, const char *path, const struct strbuf *text,
			struct err *e)
{
	struct temp t;
	int r = temp_create(s, &t, e);

	if (r < 0)
		return r;
	r = file_write_all(t.fd, text->data, text->len, e);
	if (r < 0) {
		temp_drop(s, &t);
		return err_wrap(e, r, "write '%s/%s'", s->path, path);
	}
	/* What a loss of power leaves of it is not whole, and so is none. */
	return temp_publish(s, &t, s->dirfd, path, false, e);
}

int build_cache_put(struct store *s, const char *key, const struct build_record *rec, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = RECORD_MAX };
	autofree char *path = path_of(key);
	int r = hold_all(s, rec, e);

	if (r >= 0)
		r = make_dirs(s, e);
	if (r < 0)
		return r;
	if (streq(rec->key, key)) {
		build_record_encode(rec, &text);
	} else {
		struct build_record pointer = { .name = rec->name, .created = rec->created };

		memcpy(pointer.key, rec->key, sizeof(pointer.key));
		build_record_encode(&pointer, &text);
	}
	r = strbuf_check(&text, "a build record", e);
	return r < 0 ? r : write_record(s, path, &text, e);
}

int build_cache_remove(struct store *s, const char *key, struct err *e)
{
	autofree char *path = path_of(key);

	if (unlinkat(s->dirfd, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s/%s'", s->path, path);
	return 0;
}

/* ---- All of them ---- */

struct each {
	build_cache_fn *fn;
	void *ctx;
};

static int each_one(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
		    struct err *e)
{
	auto_(build_record) struct build_record rec = { 0 };
	struct each *each = ctx;
	struct stat st;

	if (!build_key_is_legal(name))
		return 0;
	if (read_record(dirfd, name, &rec) == 0 &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		rec.used = st.st_mtim.tv_sec;
	return each->fn(name, &rec, each->ctx, e);
}

int build_cache_each(const struct store *s, build_cache_fn *fn, void *ctx, struct err *e)
{
	struct each each = { fn, ctx };
	autofd int fd = dir_open_at(s->dirfd, BUILD_CACHE_DIR, NULL);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(e, -fd, "open '%s/%s'", s->path, BUILD_CACHE_DIR);
	return dir_each(fd, each_one, &each, e);
}
