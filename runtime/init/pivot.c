/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/strv.h"
#include "libutil/sys.h"
#include "runtime/init/mount.h"
#include "runtime/init/stage.h"

#define MOUNTINFO_MAX ((size_t)16 << 20)

/* Mounts that are still peers of the host's would take theirs along when they go. */
static int leave_peers(int oldfd, struct err *e)
{
	if (fchdir(oldfd) < 0)
		return err_sys(e, "enter the old root");
	if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_sys(e, "separate the old root");
	return 0;
}

static int pivot(const struct init *in, struct err *e)
{
	autofd int oldfd = -1;
	int r = 0;

	if (in->shares_mounts) {
		oldfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (oldfd < 0)
			return err_sys(e, "open the old root");
	}
	if (fchdir(in->rootfd) < 0)
		return err_sys(e, "enter the root file system");
	/* Old and new root are one directory: the old one lands on top of the new, and no place for
	 * it has to be found. */
	if (sys_pivot_root(".", ".") < 0) {
		if (errno == EINVAL)
			return err_set(
				e, EINVAL,
				"pivot_root: not from this root (an initramfs, or a chroot into a "
				"shared mount): use --no-pivot");
		return err_sys(e, "pivot_root");
	}
	if (oldfd >= 0)
		r = leave_peers(oldfd, e);
	if (r < 0)
		return r;
	/* umount2(2) looks for what is mounted on top of ".", and that is the old root. */
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "let go of the old root");
	return 0;
}

/* Octal escapes of mountinfo: \040 and so on. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		*to = *s;
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to = (char)(((s[1] - '0') << 6) | ((s[2] - '0') << 3) | (s[3] - '0'));
			s += 3;
		}
	}
	*to = '\0';
}

/* Without pivot_root(2) the host's mounts stay reachable for who gets out of the chroot; proc and
 * sysfs would also let a user namespace mount fresh, uncovered ones. */
static int drop_mount(const char *path, struct err *e)
{
	if (umount2(path, MNT_DETACH) == 0 || errno == ENOENT)
		return 0;
	/* Locked in a user namespace: cover it. */
	if ((errno == EINVAL || errno == EPERM) &&
	    mount("tmpfs", path, "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1") == 0)
		return 0;
	return err_sys(e, "unmount '%s'", path);
}

static int drop_host_mounts(const char *root, struct err *e)
{
	autofree char *text = NULL;
	auto_(strv) struct strv lines = { 0 };
	int r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	strv_split(&lines, text, '\n', true);
	for (size_t i = lines.n; i-- > 0;) {
		auto_(strv) struct strv f = { 0 };
		const char *dash = strstr(lines.v[i], " - ");

		strv_split(&f, lines.v[i], ' ', false);
		if (!dash || f.n < 5 ||
		    !(starts_with(dash + 3, "proc ") || starts_with(dash + 3, "sysfs ")))
			continue;
		unescape(f.v[4]);
		if (path_is_below(f.v[4], root))
			continue;
		r = drop_mount(f.v[4], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int move_root(const struct init *in, struct err *e)
{
	autofree char *root = NULL;
	int r;

	if (fchdir(in->rootfd) < 0)
		return err_sys(e, "enter the root file system");
	root = getcwd(NULL, 0);
	if (!root)
		return err_sys(e, "name the root file system");
	r = drop_host_mounts(root, e);
	if (r < 0)
		return r;
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return err_sys(e, "move the root file system to '/'");
	if (chroot(".") < 0)
		return err_sys(e, "chroot");
	return 0;
}

static int only_chroot(const struct init *in, struct err *e)
{
	if (fchdir(in->rootfd) < 0 || chroot(".") < 0)
		return err_sys(e, "chroot to the root file system");
	return 0;
}

static int change_root(struct init *in, struct err *e)
{
	int r;

	/* pivot_root(2) would change the root of everybody in a namespace that was joined. */
	if (!in->job->plan.is_new[OCI_NS_MOUNT])
		return only_chroot(in, e);
	if (in->in_chroot) {
		r = chroot_leave(e);
		if (r < 0)
			return r;
	}
	return in->job->no_pivot ? move_root(in, e) : pivot(in, e);
}

int pivot_enter(struct init *in, struct err *e)
{
	int r = change_root(in, e);

	if (r < 0)
		return r;
	/* The working directory is still the old one's copy where the root was mounted over. */
	if (chdir("/") < 0)
		return err_sys(e, "enter '/'");
	return 0;
}
