/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and making the layout's directory. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "imagetool/errors.h"
#include "imagetool/store/internal.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define LAYOUT_FILE_MAX 4096

static const char layout_text[] = "{\"imageLayoutVersion\":\"" IMAGE_LAYOUT_VERSION "\"}\n";
static const char empty_index_text[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[]}\n";

/* What may stand in a directory that is to become a store: our own beginnings after a crash, and
 * what mkfs leaves in a fresh file system. */
static const char *const harmless_names[] = { "blobs",      "index.json", "lock",
					      "lost+found", "oci-layout", "tmp" };

static int refuse_foreign(int dirfd UNUSED, const char *name, unsigned char d_type UNUSED,
			  void *ctx, struct err *e)
{
	const struct store *s = ctx;

	for (size_t i = 0; i < ARRAY_LEN(harmless_names); i++) {
		if (streq(name, harmless_names[i]))
			return 0;
	}
	return err_set(e, ENOTEMPTY,
		       "store '%s': neither empty nor an OCI image layout (it holds '%s')", s->path,
		       name);
}

static int check_layout(const struct store *s, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct image_layout *layout;
	void *decoded;
	size_t len;
	int r = file_read_regular_at(s->dirfd, "oci-layout", LAYOUT_FILE_MAX, &text, &len, e);

	if (r < 0)
		return r;
	/* So it is before its first content, after a crash as well. */
	if (len == 0)
		return -ENOENT;
	r = oci_decode(&image_layout_type, "oci-layout", text, len, NULL, &a, &decoded, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "store '%s'", s->path);
	layout = decoded;
	if (!starts_with(layout->version, "1."))
		return err_set(e, IMAGE_EVERIFY, "store '%s': unknown layout version '%s'", s->path,
			       layout->version);
	return 0;
}

static int make_dir(const struct store *s, const char *name, struct err *e)
{
	if (mkdirat(s->dirfd, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "create '%s/%s'", s->path, name);
	return 0;
}

/* oci-layout comes last: where it stands, the rest is there. */
static int make_layout(struct store *s, struct err *e)
{
	autofd int lock = store_lock_index(s, e);
	struct stat st;
	int r;

	if (lock < 0)
		return lock;
	if (fstatat(s->dirfd, "oci-layout", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0)
		return 0; /* another process was quicker */
	r = make_dir(s, "blobs", e);
	if (r < 0)
		return r;
	r = make_dir(s, "blobs/sha256", e);
	if (r < 0)
		return r;
	if (fstatat(s->dirfd, "index.json", &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size == 0) {
		r = temp_replace(s, "index.json", empty_index_text, strlen(empty_index_text), e);
		if (r < 0)
			return r;
	}
	return temp_replace(s, "oci-layout", layout_text, strlen(layout_text), e);
}

static int open_dir(struct store *s, enum store_access access, struct err *e)
{
	int r;

	if (access == STORE_CREATE) {
		r = dir_make_all_at(AT_FDCWD, s->path, 0700, e);
		if (r < 0)
			return err_wrap(e, r, "create store '%s'", s->path);
	}
	s->dirfd = open(s->path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (s->dirfd < 0 && errno == ENOENT)
		return err_set(e, IMAGE_ENOTFOUND,
			       "store '%s' does not exist: nothing was pulled yet", s->path);
	if (s->dirfd < 0)
		return err_sys(e, "open store '%s'", s->path);
	return 0;
}

static int open_tmp(struct store *s, struct err *e)
{
	int r = make_dir(s, "tmp", e);

	if (r < 0)
		return r;
	s->tmpfd = openat(s->dirfd, "tmp", O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->tmpfd < 0)
		return err_sys(e, "open '%s/tmp'", s->path);
	return temp_clean(s, e);
}

/* Nothing of others in it.  Who makes it a store at this moment, and at once puts more into it, was
 * seen by the second look if not by the first. */
static int check_may_become(struct store *s, bool *ret_make, struct err *e)
{
	int r = dir_each(s->dirfd, refuse_foreign, s, e);

	*ret_make = r >= 0;
	if (r != -ENOTEMPTY || check_layout(s, NULL) < 0)
		return r;
	err_clear(e);
	return 0;
}

/* Before anything is made in it: is this directory ours to use? */
static int check_is_store(struct store *s, enum store_access access, bool *ret_make, struct err *e)
{
	struct err why = { 0 };
	int r = check_layout(s, &why);

	*ret_make = false;
	if (r == -ENOENT && access == STORE_CREATE)
		return check_may_become(s, ret_make, e);
	if (r == -ENOENT)
		return err_set(e, IMAGE_ENOTFOUND,
			       "store '%s' is no OCI image layout: it has no file 'oci-layout'",
			       s->path);
	if (r < 0)
		return err_set(e, -r, "%s", why.msg);
	return 0;
}

static int store_open_all(struct store *s, enum store_access access, struct err *e)
{
	bool make;
	int r = open_dir(s, access, e);

	if (r < 0)
		return r;
	r = check_is_store(s, access, &make, e);
	if (r < 0)
		return r;
	r = store_lock_open(s, access, e);
	if (r < 0 || access == STORE_READ)
		return r;
	s->ordered = boot_rename_orders(s->dirfd);
	boot_read_id(s->boot);
	r = open_tmp(s, e);
	if (r >= 0)
		r = make ? make_layout(s, e) : boot_recover(s, e);
	return r;
}

int store_open(const char *path, enum store_access access, struct store **ret, struct err *e)
{
	auto_(store) struct store *s = xcalloc(1, sizeof(*s));
	int r;

	*s = (struct store){ .dirfd = -1, .tmpfd = -1, .lockfd = -1, .gcfd = -1, .usefd = -1 };
	s->path = xstrdup(path);
	s->hold = xcalloc(1, sizeof(*s->hold));
	hold_init(s->hold);
	r = store_open_all(s, access, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&s);
	return 0;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	hold_done(s, s->hold);
	free(s->hold);
	close_at_exit(&s->usefd);
	close_at_exit(&s->gcfd);
	close_at_exit(&s->lockfd);
	close_at_exit(&s->tmpfd);
	close_at_exit(&s->dirfd);
	free(s->path);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

int store_dirfd(const struct store *s)
{
	return s->dirfd;
}
