/* SPDX-License-Identifier: Apache-2.0 */
/* A file that appears complete or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "imagetool/unpack/staging.h"
#include "libutil/alloc.h"
#include "libutil/fd.h"
#include "libutil/ids.h"
#include "libutil/path.h"

#define SUFFIX_LEN  16
#define OUTPUT_MODE 0644

/* A name beside the target: linkat(2) does not replace, and other users see a file of one step. */
static int temp_name(const char *path, char **ret, struct err *e)
{
	char suffix[SUFFIX_LEN + 1];
	autofree char *parent = path_parent(path);
	int r = id_random(suffix, SUFFIX_LEN, e);

	if (r < 0)
		return r;
	*ret = xasprintf("%s/%s%s", parent, STAGING_PREFIX, suffix);
	return 0;
}

/* A file without a name, so that a kill leaves nothing; where the file system has none (NFS, FAT,
 * most of FUSE), one with a name that goes unless it is committed. */
static int open_hidden(struct staging_file *f, struct err *e)
{
	autofree char *parent = path_parent(f->path);
	int r;

	f->fd = open(parent, O_WRONLY | O_TMPFILE | O_CLOEXEC, OUTPUT_MODE);
	if (f->fd < 0 && errno == EOPNOTSUPP) {
		r = temp_name(f->path, &f->temp, e);
		if (r < 0)
			return r;
		f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);
	}
	return f->fd < 0 ? err_sys(e, "create a file in '%s'", parent) : 0;
}

int staging_file_begin(const char *path, struct staging_file *ret, struct err *e)
{
	auto_(staging_file) struct staging_file f = STAGING_FILE_INIT;
	struct stat st;
	int r;

	if (!*path)
		return err_set(e, EINVAL, "the name of the file is empty");
	/* What is there and no file, a pipe or a terminal, can't be replaced: it is written to. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		f.fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		if (f.fd < 0)
			return err_sys(e, "open '%s'", path);
	} else {
		f.path = xstrdup(path);
		r = open_hidden(&f, e);
		if (r < 0)
			return r;
	}
	*ret = f;
	f = (struct staging_file)STAGING_FILE_INIT;
	return 0;
}

int staging_file_commit(struct staging_file *f, struct err *e)
{
	char self[FD_PATH_SIZE];
	int r;

	if (!f->path)
		return 0;
	/* It may take the place of the only copy.  A file system that cannot sync says EINVAL. */
	if (fsync(f->fd) < 0 && errno != EINVAL)
		return err_sys(e, "sync what is to become '%s'", f->path);
	if (!f->temp) {
		autofree char *temp = NULL;

		r = temp_name(f->path, &temp, e);
		if (r < 0)
			return r;
		if (linkat(AT_FDCWD, fd_path(f->fd, self), AT_FDCWD, temp, AT_SYMLINK_FOLLOW) < 0)
			return err_sys(e, "name '%s'", temp);
		f->temp = steal_ptr(&temp);
	}
	if (rename(f->temp, f->path) < 0)
		return err_sys(e, "rename to '%s'", f->path);
	free(f->temp);
	f->temp = NULL;
	return 0;
}

void staging_file_done(struct staging_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	if (f->temp)
		(void)unlink(f->temp);
	free(f->temp);
	free(f->path);
	*f = (struct staging_file)STAGING_FILE_INIT;
}
