/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/mount_visit.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

static void forget(struct mount_visit *v)
{
	close_at_exit(&v->nsfd);
	close_at_exit(&v->rootfd);
	close_at_exit(&v->cwdfd);
	*v = (struct mount_visit)MOUNT_VISIT_NONE;
}

int mount_visit_begin(struct mount_visit *v, struct err *e)
{
	v->nsfd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	v->rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	v->cwdfd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (v->nsfd < 0 || v->rootfd < 0 || v->cwdfd < 0 || unshare(CLONE_NEWNS) < 0) {
		int r = err_sys(e, "make a mount namespace");

		forget(v);
		return r;
	}
	/* What the host mounts still comes in; what is mounted here stays here. */
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0) {
		int r = err_sys(e, "separate the mounts from the host's");

		(void)mount_visit_end(v, NULL);
		return r;
	}
	return 0;
}

int mount_visit_end(struct mount_visit *v, struct err *e)
{
	int r = 0;

	if (v->nsfd < 0)
		return 0;
	/* setns(2) goes to the namespace's own root, which a caller in a chroot was not in. */
	if (setns(v->nsfd, CLONE_NEWNS) < 0)
		r = err_sys(e, "return to our mount namespace");
	else if (fchdir(v->rootfd) < 0 || chroot(".") < 0 || fchdir(v->cwdfd) < 0)
		r = err_sys(e, "return to our root and working directory");
	forget(v);
	return r;
}
