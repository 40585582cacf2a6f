/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "runtime/init/stage.h"

/* What the kernel gives to a new session keyring, and search for its owner: without it no process
 * of the user finds a key in it after a change of ids. */
#define KEYRING_PERMISSIONS 0x3f1b0000u

static long keyctl(int command, unsigned long a, unsigned long b)
{
	return syscall(SYS_keyctl, command, a, b, 0, 0);
}

static int explain(int error, const char *name, struct err *e)
{
	if (error == EDQUOT || error == ENOMEM)
		return err_set(e, error,
			       "join session keyring '%s': the user has too many keys (see "
			       "/proc/key-users; --no-new-keyring does without)",
			       name);
	if (error == EACCES || error == EPERM)
		return err_set(
			e, error,
			"join session keyring '%s': not permitted here (--no-new-keyring does "
			"without)",
			name);
	return err_set(e, error, "join session keyring '%s': %s", name, strerror(error));
}

int keyring_join(struct init *in, struct err *e)
{
	autofree char *name = NULL;
	long id;

	if (in->job->no_new_keyring)
		return 0;
	name = xasprintf("_ses.%s", in->job->id);
	id = keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0);
	/* Kernels without keys have none to leak. */
	if (id < 0 && errno == ENOSYS)
		return 0;
	if (id < 0)
		return explain(errno, name, e);
	/* exec joins the ring by name and finds it set up. */
	if (in->job->kind == INIT_CREATE &&
	    keyctl(KEYCTL_SETPERM, (unsigned long)id, KEYRING_PERMISSIONS) < 0)
		return err_sys(e, "set permissions of session keyring '%s'", name);
	return 0;
}
