/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "runtime/init/stage.h"
#include "runtime/sync/sync.h"

#ifndef SECCOMP_FILTER_FLAG_NEW_LISTENER
#define SECCOMP_FILTER_FLAG_NEW_LISTENER (1UL << 3)
#endif

bool seccomp_has_listener(const struct init *in)
{
	return in->job->seccomp && (in->job->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static long load(const struct init *in)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, in->job->seccomp_flags,
		       in->job->seccomp);
}

/* The first calls under the filter; one that the listener is to decide would wait for ever. */
static int hand_over(const struct init *in, int listener, struct err *e)
{
	int sock = in->job->syncfd;
	int r = -EINVAL;

	switch (in->job->seccomp_handover) {
	case SECCOMP_BY_SENDMSG:
	case SECCOMP_HANDOVER_COUNT:
		return sync_send(sock, SYNC_NOTIFY, 0, listener, e);
	case SECCOMP_BY_WRITE:
		r = sync_send_by(sock, SYS_write, SYNC_NOTIFY, listener, e);
		break;
	case SECCOMP_BY_SENDTO:
		r = sync_send_by(sock, SYS_sendto, SYNC_NOTIFY, listener, e);
		break;
	}
	/* Open until it is fetched. */
	return r < 0 ? r : sync_expect(sock, SYNC_NOTIFY_TAKEN, "creel", NULL, NULL, e);
}

int seccomp_install(struct init *in, struct err *e)
{
	autofd int listener = -1;
	long r;

	if (!in->job->seccomp)
		return 0;
	r = load(in);
	if (r < 0 && errno == EINVAL && in->job->seccomp_flags)
		return err_set(
			e, EINVAL,
			"linux.seccomp.flags: this kernel refuses the filter with flags 0x%x",
			in->job->seccomp_flags);
	if (r < 0)
		return err_sys(e, "linux.seccomp: load the filter");
	if (!seccomp_has_listener(in))
		return 0;
	listener = (int)r;
	return hand_over(in, listener, e);
}
