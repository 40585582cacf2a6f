/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/exit_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/path.h"

#define EXIT_NAME "exit"
#define OOM_NAME  "oom"

static int write_status(const char *dir, const char *name, int status, struct err *e)
{
	autofree char *path = path_join(dir, name);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", status);

	return file_replace_at(AT_FDCWD, path, text, (size_t)len, 0644, FILE_NO_SYNC, e);
}

int exit_files_write(const struct conmon_opts *o, int status, struct err *e)
{
	int r = 0, q = 0;

	if (o->persist_dir)
		r = write_status(o->persist_dir, EXIT_NAME, status, e);
	if (o->exit_dir)
		q = write_status(o->exit_dir, o->cid, status, r < 0 ? NULL : e);
	return r < 0 ? r : q;
}

static int touch(const char *dir, struct err *e)
{
	autofree char *path = path_join(dir, OOM_NAME);
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? err_sys(e, "make '%s'", path) : 0;
}

int exit_files_oom(const struct conmon_opts *o, struct err *e)
{
	int r = 0, q = 0;

	if (o->persist_dir)
		r = touch(o->persist_dir, e);
	if (o->bundle)
		q = touch(o->bundle, r < 0 ? NULL : e);
	return r < 0 ? r : q;
}
