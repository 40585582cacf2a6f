/* SPDX-License-Identifier: Apache-2.0 */
/* Where images have data bases of rpm. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "imagetool/attest/rpm.h"
#include "imagetool/attest/scan.h"
#include "libutil/beneath.h"
#include "libutil/fd.h"
#include "libutil/path.h"

/* Of these, one may be a link to another. */
static const char *const directories[] = { "usr/lib/sysimage/rpm", "var/lib/rpm", "usr/share/rpm" };
/* In a directory the first counts: after a change of form the old one may still lie there. */
static const char *const names[] = { "rpmdb.sqlite", "Packages.db", "Packages" };

static int open_below(int rootfd, const char *path, struct stat *ret)
{
	autofd int fd = beneath_open(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
				     BENEATH_CHROOT, NULL);

	if (fd < 0 || fstat(fd, ret) < 0 || !S_ISREG(ret->st_mode))
		return -1;
	return steal_fd(&fd);
}

static int read_file(int fd, const struct stat *st, const char *where, struct packages *p,
		     struct err *e)
{
	struct rpm_file f = { .packages = p, .len = (size_t)st->st_size, .where = where };
	void *bytes = MAP_FAILED;
	int r = 0;

	if (st->st_size == 0) /* made, and never used */
		return 0;
	if (f.len <= RPM_FILE_MAX)
		bytes = mmap(NULL, f.len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		f.why = "it is too large";
	} else {
		f.bytes = bytes;
		r = rpm_file_read(&f, e);
		(void)munmap(bytes, f.len);
	}
	if (f.why)
		p->rpm_unread = f.why;
	return r;
}

/* What a write-ahead log holds is newer than the file. */
static void look_for_log(int rootfd, const char *path, struct packages *p)
{
	autofree char *log = xasprintf("%s-wal", path);
	struct stat st;
	autofd int fd = open_below(rootfd, log, &st);

	if (fd >= 0 && st.st_size > 0)
		p->rpm_unread = "its write-ahead log holds changes";
}

static int scan_directory(int rootfd, const char *dir, struct stat *seen, struct packages *p,
			  struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		autofree char *path = path_join(dir, names[i]), *where = path_join("/", path);
		struct stat st;
		autofd int fd = open_below(rootfd, path, &st);
		int r;

		if (fd < 0)
			continue;
		if (st.st_dev == seen->st_dev && st.st_ino == seen->st_ino)
			return 0;
		*seen = st;
		r = read_file(fd, &st, where, p, e);
		if (r >= 0)
			look_for_log(rootfd, path, p);
		return r;
	}
	return 0;
}

int scan_rpm(int rootfd, struct packages *p, struct err *e)
{
	struct stat seen = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(directories) && r >= 0; i++)
		r = scan_directory(rootfd, directories[i], &seen, p, e);
	return r;
}
