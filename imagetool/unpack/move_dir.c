/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/unpack/move_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Widen, rename, narrow again at the new place. */
static int move_closed(int fromfd, const char *from, int tofd, const char *to, struct err *e)
{
	struct stat st;
	int r;

	if (fstatat(fromfd, from, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
	    (st.st_mode & 0200))
		return err_set(e, EACCES, "rename '%s' to '%s': permission denied", from, to);
	if (fchmodat(fromfd, from, (st.st_mode & 07777) | 0200, 0) < 0)
		return err_sys(e, "make '%s' writable", from);
	if (renameat(fromfd, from, tofd, to) < 0)
		return err_sys(e, "rename '%s' to '%s'", from, to);
	r = fchmodat(tofd, to, st.st_mode & 07777, 0);
	return r < 0 ? err_sys(e, "set the mode of '%s'", to) : 0;
}

int move_dir(int fromfd, const char *from, int tofd, const char *to, struct err *e)
{
	if (renameat(fromfd, from, tofd, to) == 0)
		return 0;
	if (errno != EACCES)
		return err_sys(e, "rename '%s' to '%s'", from, to);
	return move_closed(fromfd, from, tofd, to, e);
}
