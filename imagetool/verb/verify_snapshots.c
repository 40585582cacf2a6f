/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/verify_snapshots.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/snapshot/info.h"
#include "imagetool/store/snapshot_key.h"
#include "libutil/dir.h"
#include "libutil/file.h"

/* What each form keeps its files in. */
static const struct {
	const char *form, *member;
	mode_t type;
} members[] = {
	{ "dir", "fs", S_IFDIR },
	{ "erofs", "fs.erofs", S_IFREG },
};

void snapshot_findings_done(struct snapshot_findings *f)
{
	strv_done(&f->damaged);
}

static bool has_member(int fd, const char *form)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (streq(form, members[i].form))
			return fstatat(fd, members[i].member, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			       (st.st_mode & S_IFMT) == members[i].type;
	}
	return false;
}

/* The one that stands alone is named after its layer; the names of others say what lies below, or
 * which step of a build made it. */
static bool has_name(const char *key, const char *diff_id)
{
	return starts_with(key, SNAPSHOT_CHAIN_PREFIX) || starts_with(key, SNAPSHOT_BUILD_PREFIX) ||
	       (digest_check(diff_id, NULL) >= 0 && streq(digest_hex(diff_id), key));
}

static bool is_sound(int dirfd, const char *key)
{
	auto_(snapshot_info) struct snapshot_info info = { 0 };
	autofd int fd = openat(dirfd, key, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	autofree char *text = NULL;
	size_t len;

	if (fd < 0 ||
	    file_read_at(fd, SNAPSHOT_INFO_NAME, SNAPSHOT_INFO_MAX, &text, &len, NULL) < 0 ||
	    snapshot_info_decode(text, len, &info, NULL) < 0)
		return false;
	return info.form && info.diff_id && has_member(fd, info.form) &&
	       has_name(key, info.diff_id);
}

static int check_one(int dirfd, const char *name, unsigned char d_type UNUSED, void *ctx,
		     struct err *e UNUSED)
{
	struct snapshot_findings *f = ctx;
	char now[SNAPSHOT_KEY_SIZE];

	if (!snapshot_key_is_legal(name) || snapshot_key_moved(dirfd, name, now))
		return 0;
	f->n++;
	if (!is_sound(dirfd, name) && faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		strv_add(&f->damaged, name);
	return 0;
}

int snapshots_check(const struct store *s, struct snapshot_findings *ret, struct err *e)
{
	autofd int fd = dir_open_at(store_dirfd(s), "snapshots", NULL);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(e, -fd, "open '%s/snapshots'", store_path(s));
	return dir_each(fd, check_one, ret, e);
}

int snapshots_remove(struct store *s, const struct strv *keys, struct err *e)
{
	autofd int fd = dir_open_at(store_dirfd(s), "snapshots", NULL);
	int r = 0;

	for (size_t i = 0; i < keys->n && r >= 0; i++)
		r = dir_remove_all_at(fd, keys->v[i], e);
	return r;
}
