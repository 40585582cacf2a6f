/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/pidfile.h"

#include <fcntl.h>
#include <stdio.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

int pidfile_write(const char *path, pid_t pid, struct err *e)
{
	autofree char *dir = path_parent(path);
	autofd int dirfd = dir_open_at(AT_FDCWD, dir, e);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", (int)pid);
	int r = dirfd;

	if (r >= 0)
		r = file_replace_at(dirfd, path_base(path), text, (size_t)len, 0644, FILE_NO_SYNC,
				    e);
	return r < 0 ? err_wrap(e, r, "--pid-file '%s'", path) : 0;
}
