/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/creation/start.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/fd.h"
#include "libutil/log.h"
#include "runtime/container/container.h"
#include "runtime/creation/notify_socket.h"
#include "runtime/ending/delete.h"
#include "runtime/ending/ending.h"
#include "runtime/hook/hook.h"
#include "runtime/sync/sync.h"

static int check_startable(const struct container *c, struct err *e)
{
	enum oci_status status = OCI_STATUS_NONE;
	int r = container_status(c, &status, e);

	if (r < 0 || status == OCI_STATUS_CREATED)
		return r;
	if (status == OCI_STATUS_STOPPED)
		return err_set(e, EINVAL, "cannot start container '%s': it has stopped", c->id);
	return err_set(e, EINVAL, "cannot start container '%s': it is already %s", c->id,
		       status_name(status));
}

/* Once GO is sent the gate is used up, whatever comes of it, and must not be there for the next
 * `start`. */
static int open_gate(const struct container *c, struct err *e)
{
	autofd int sock = fd_unix_connect_at(c->dirfd, STORE_GATE, SOCK_SEQPACKET, e);
	int r = sock;

	if (r >= 0)
		r = sync_send(sock, SYNC_GO, 0, -1, e);
	(void)unlinkat(c->dirfd, STORE_GATE, 0);
	if (r >= 0)
		r = sync_expect_exec(sock, "init", e);
	if (r >= 0)
		return 0;
	r = err_wrap(e, r, "start '%s'", c->id);
	/* Its first process is gone for this reason, which only we were told. */
	(void)ending_keep(c->dirfd, NULL, e ? e->msg : "start failed", NULL);
	return r;
}

static int run_poststart(struct container *c, struct err *e)
{
	autofd int bundlefd = open(c->record->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct hook_call call = { .pid = container_pid(c), .cwdfd = bundlefd > 0 ? bundlefd : 0 };
	struct runtime_spec *spec = NULL;
	struct oci_state state;
	int r;

	if (!c->record->has_poststart)
		return 0;
	container_state(c, OCI_STATUS_RUNNING, NULL, &state);
	call.state = &state;
	r = container_spec(c, &spec, e);
	if (r >= 0)
		r = hook_run(spec->hooks, HOOK_POSTSTART, &call, e);
	return r < 0 ? err_wrap(e, r, "start '%s'", c->id) : 0;
}

int container_start(const struct store *s, const char *id, struct err *e)
{
	auto_(container) struct container c = CONTAINER_NONE;
	auto_(notify_socket) struct notify_socket notify = NOTIFY_SOCKET_NONE;
	struct err why = { 0 };
	int r = container_load_locked(s, id, &c, e);

	if (r >= 0)
		r = check_startable(&c, e);
	if (r >= 0)
		r = notify_socket_open(&notify, c.dirfd, e);
	if (r >= 0)
		r = open_gate(&c, e);
	if (r < 0)
		return r;
	/* A hook may call us: it must not wait for a lock that waits for it. */
	store_unlock(c.dirfd);
	r = run_poststart(&c, e);
	if (r < 0) {
		/* runtime.md: the container is stopped and the life cycle goes on with its
		 * deletion. */
		if (container_delete(s, id, true, &why) < 0)
			log_warning("%s", why.msg);
		return r;
	}
	return notify_socket_forward(&notify, c.pidfd, container_pid(&c), e);
}
