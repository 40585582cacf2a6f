/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `delete`: the server is gone, in whatever way; the container and its mounts
 * go, too.  containerd kills us after five seconds, so whatever hangs is given
 * up before, with a text that says what it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/path.h"
#include "shim/core/runtime.h"
#include "shim/message/task.h"
#include "shim/v2/actions.h"
#include "shim/v2/address.h"
#include "shim/v2/options.h"
#include "shim/v2/rootfs.h"

#define RUNTIME_TIMEOUT_MS 3500
#define TIMEOUT_S          4
#define STATUS_KILLED      137 /* 128 + SIGKILL */
#define ADDRESS_FILE_MAX   4096

/* The working directory is this task's bundle, or another one's beside it. */
static char *find_bundle(const struct v2_args *args)
{
	autofree char *cwd = path_absolute("."), *all = path_parent(cwd);

	return args->bundle && *args->bundle ? path_absolute(args->bundle)
					     : path_join(all, args->id);
}

static int delete_container(int bundlefd, const struct v2_args *args, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct v2_options o = { 0 };
	struct runtime rt = { 0 };
	struct runtime_ask ask = { .id = args->id, .force = true };
	int r = v2_options_load(bundlefd, &a, &o, &rt.path, e);

	if (r < 0)
		return r;
	rt.root = v2_options_root(&o, args->namespace_name, &a);
	rt.systemd_cgroup = o.systemd_cgroup;
	r = runtime_run(&rt, RUNTIME_DELETE, &ask, RUNTIME_TIMEOUT_MS, e);
	return r < 0 ? err_wrap(e, r, "delete '%s' by '%s'", args->id, rt.path) : 0;
}

static void answer(pid_t pid, struct strbuf *out)
{
	struct timespec now = { 0 };
	struct msg_timestamp at;
	struct msg_delete_reply reply = {
		.pid = pb_set(pid),
		.exit_status = pb_set(STATUS_KILLED),
		.exited_at = &at,
	};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	at = msg_timestamp(now);
	pb_encode(&msg_delete_reply_message, &reply, out);
}

/* A call that hangs (a file system that is gone, say) is left by force; nothing is answered then,
 * so that containerd knows. */
static void on_alarm(int sig UNUSED)
{
	static const char text[] = "delete: still not done after 4 seconds, given up\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(1);
}

/* The path in the file that `start` has left: plain, or in JSON.  A copy, or NULL. */
static char *read_socket(int bundlefd, struct arena *a)
{
	autofree char *text = NULL;
	struct json *doc = NULL;
	const char *address;
	size_t len = 0;

	if (file_read_at(bundlefd, "address", ADDRESS_FILE_MAX, &text, &len, NULL) < 0)
		return NULL;
	address = text;
	if (text[0] == '{')
		address = json_parse("address", text, len, a, &doc, NULL) < 0
				  ? NULL
				  : json_get_string(doc, "address");
	if (!address || !starts_with(address, ADDRESS_SCHEME "/"))
		return NULL;
	return xstrdup(address + strlen(ADDRESS_SCHEME));
}

/* Its server could not do it; that of a pod's other containers may be alive. */
static void sweep_socket(int bundlefd)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *path = read_socket(bundlefd, &a);

	if (path)
		address_sweep(path);
}

int v2_delete(const struct v2_args *args, struct strbuf *out, struct err *e)
{
	autofree char *bundle = find_bundle(args);
	autofd int bundlefd = -1;
	pid_t pid = 0;
	int r, unmounted;

	(void)signal(SIGALRM, on_alarm);
	(void)alarm(TIMEOUT_S);
	bundlefd = dir_open_at(AT_FDCWD, bundle, e);
	if (bundlefd < 0)
		return err_wrap(e, bundlefd, "bundle");
	r = delete_container(bundlefd, args, e);
	/* Mounts of a container that lives on are its own copies: they go in any case. */
	unmounted = rootfs_unmount(bundle, r < 0 ? NULL : e);
	if (r < 0 || unmounted < 0)
		return r < 0 ? r : unmounted;
	sweep_socket(bundlefd);
	(void)runtime_read_pid(bundlefd, "init.pid", &pid, NULL); /* 0: never known */
	answer(pid, out);
	return 0;
}
