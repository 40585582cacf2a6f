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

int staging_file_begin(const char *path, struct staging_file *ret, struct err *e)
{
	auto_(staging_file) struct staging_file f = STAGING_FILE_INIT;
	autofree char *parent = NULL;
	struct stat st;

	if (!*path)
		return err_set(e, EINVAL, "the name of the file is empty");
	/* What is there and no file, a pipe or a terminal, can't be replaced: it is written to. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		f.fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		if (f.fd < 0)
			return err_sys(e, "open '%s'", path);
	} else {
		parent = path_parent(path);
		f.path = xstrdup(path);
		/* The file has no name until it is complete, so a kill leaves nothing. */
		f.fd = open(parent, O_WRONLY | O_TMPFILE | O_CLOEXEC, OUTPUT_MODE);
		if (f.fd < 0)
			return err_sys(e, "create a file in '%s'", parent);
	}
	*ret = f;
	f = (struct staging_file)STAGING_FILE_INIT;
	return 0;
}

/* A name beside the target first: linkat(2) does not replace. */
int staging_file_commit(struct staging_file *f, struct err *e)
{
	char suffix[SUFFIX_LEN + 1], self[FD_PATH_SIZE];
	autofree char *parent = NULL, *temp = NULL;
	int r;

	if (!f->path)
		return 0;
	r = id_random(suffix, SUFFIX_LEN, e);
	if (r < 0)
		return r;
	parent = path_parent(f->path);
	temp = xasprintf("%s/%s%s", parent, STAGING_PREFIX, suffix);
	if (linkat(AT_FDCWD, fd_path(f->fd, self), AT_FDCWD, temp, AT_SYMLINK_FOLLOW) < 0)
		return err_sys(e, "name '%s'", temp);
	if (rename(temp, f->path) == 0)
		return 0;
	r = err_sys(e, "rename to '%s'", f->path);
	(void)unlink(temp);
	return r;
}

void staging_file_done(struct staging_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	free(f->path);
	*f = (struct staging_file)STAGING_FILE_INIT;
}
