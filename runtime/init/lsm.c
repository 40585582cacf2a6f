/* SPDX-License-Identifier: Apache-2.0 */
/* Labels that take effect at the next execve().  Written to a procfs of our own choice: a label
 * that lands elsewhere leaves the container unconfined. */
#include <errno.h>
#include <stdio.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "runtime/init/procfs.h"
#include "runtime/init/stage.h"

static int write_attr(struct init *in, const char *file, const char *text, struct err *e)
{
	char self[PROCFS_SELF_SIZE];
	char path[64];
	int r = procfs_self(in->procfd, self, e);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/attr/%s", self, file);
	return procfs_write(in->procfd, path, text, e);
}

static int set_apparmor(struct init *in, const char *profile, struct err *e)
{
	autofree char *text = xasprintf("exec %s", profile);
	/* Linux 5.8 has a directory for each module; before, one file served whichever was first.
	 */
	int r = write_attr(in, "apparmor/exec", text, e);

	if (r == -ENOENT) {
		err_clear(e);
		r = write_attr(in, "exec", text, e);
	}
	/* Podman looks for the path in backquotes, and takes "No such file" for a missing program.
	 */
	if (r == -EINVAL || r == -ENOENT)
		return err_set(e, -r,
			       "process.apparmorProfile: write to `/proc/self/attr/exec`: '%s' is "
			       "not loaded, or the kernel runs without AppArmor",
			       profile);
	return r < 0 ? err_wrap(e, r, "process.apparmorProfile: `/proc/self/attr/exec`") : 0;
}

static int set_selinux(struct init *in, const char *label, struct err *e)
{
	int r = write_attr(in, "exec", label, e);

	if (r == -EINVAL)
		return err_set(e, -r,
			       "process.selinuxLabel: write to `/proc/self/attr/exec`: '%s' is not "
			       "valid here, or the kernel runs without SELinux",
			       label);
	return r < 0 ? err_wrap(e, r, "process.selinuxLabel: `/proc/self/attr/exec`") : 0;
}

int lsm_exec_labels(struct init *in, struct err *e)
{
	const struct spec_process *p = in->process;
	int r = 0;

	if (p->apparmor_profile && p->apparmor_profile[0])
		r = set_apparmor(in, p->apparmor_profile, e);
	if (r >= 0 && p->selinux_label && p->selinux_label[0])
		r = set_selinux(in, p->selinux_label, e);
	return r;
}
