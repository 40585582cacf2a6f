/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/join.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/parse.h"

#define FDINFO_MAX 4096

static int open_ns(enum oci_namespace type, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	/* Init of a container that is created and not started yet is a process of ours that hides
	 * its descriptors from everybody but root. */
	if (fd < 0 && errno == EACCES)
		return err_set(e, EACCES,
			       "join %s namespace '%s': Permission denied (another user's, or of a "
			       "container that is not started)",
			       ns_name(type), path);
	return fd < 0 ? err_sys(e, "join %s namespace '%s'", ns_name(type), path) : fd;
}

static int enter(int fd, enum oci_namespace type, const char *path, struct err *e)
{
	if (setns(fd, (int)ns_clone_flag(type)) == 0)
		return 0;
	/* The kernel compares the type we ask for with the file's. */
	if (errno == EINVAL)
		return err_set(e, EINVAL,
			       "join %s namespace '%s': it is no %s namespace, or this process is "
			       "in it already",
			       ns_name(type), path, ns_name(type));
	return err_sys(e, "join %s namespace '%s'", ns_name(type), path);
}

int ns_join_path(enum oci_namespace type, const char *path, struct err *e)
{
	autofd int fd = open_ns(type, path, e);

	return fd < 0 ? fd : enter(fd, type, path, e);
}

/*
 * Before a user namespace is joined we may have rights that are gone afterwards: a network
 * namespace can belong to the host's.  What can't be joined now is tried again inside.  Not so
 * mount and pid: nothing with the host's rights has any business in the container's.
 */
static void enter_early(const struct ns_plan *plan, const int *fds, bool *entered)
{
	bool has_user = false;

	for (size_t i = 0; i < plan->n_joins; i++)
		has_user |= plan->joins[i].type == OCI_NS_USER;
	for (size_t i = 0; has_user && i < plan->n_joins; i++) {
		enum oci_namespace type = plan->joins[i].type;

		if (type != OCI_NS_USER && type != OCI_NS_MOUNT && type != OCI_NS_PID)
			entered[i] = setns(fds[i], (int)ns_clone_flag(type)) == 0;
	}
}

int ns_join_plan(const struct ns_plan *plan, struct err *e)
{
	bool entered[OCI_NS_COUNT] = { false };
	int fds[OCI_NS_COUNT];
	size_t opened = 0;
	int r = 0;

	for (; opened < plan->n_joins && r >= 0; opened++) {
		r = open_ns(plan->joins[opened].type, plan->joins[opened].path, e);
		fds[opened] = r;
	}
	if (r >= 0)
		enter_early(plan, fds, entered);
	for (size_t i = 0; i < opened; i++) {
		if (r >= 0 && !entered[i])
			r = enter(fds[i], plan->joins[i].type, plan->joins[i].path, e);
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
	return r < 0 ? r : 0;
}

/* A pidfd's process as this process's /proc names it. */
static int pidfd_pid(int pidfd, pid_t *ret, struct err *e)
{
	char path[64];
	autofree char *text = NULL;
	char *line;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	r = file_read_at(AT_FDCWD, path, FDINFO_MAX, &text, NULL, e);
	if (r < 0)
		return r;
	line = strstr(text, "\nPid:\t");
	if (!line)
		return err_set(e, EBADF, "descriptor %d is no pidfd", pidfd);
	line += strlen("\nPid:\t");
	line[strcspn(line, "\n")] = '\0';
	if (parse_pid(line, ret) < 0)
		return err_set(e, ESRCH, "the container's first process is gone");
	return 0;
}

static const char *const ns_files[OCI_NS_COUNT] = {
	[OCI_NS_PID] = "pid",       [OCI_NS_NETWORK] = "net", [OCI_NS_MOUNT] = "mnt",
	[OCI_NS_IPC] = "ipc",       [OCI_NS_UTS] = "uts",     [OCI_NS_USER] = "user",
	[OCI_NS_CGROUP] = "cgroup", [OCI_NS_TIME] = "time",
};

static int join_files(int pidfd, uint64_t flags, struct err *e)
{
	struct ns_plan plan = { 0 };
	char paths[OCI_NS_COUNT][64];
	static const enum oci_namespace order[] = { OCI_NS_USER,    OCI_NS_IPC,    OCI_NS_UTS,
						    OCI_NS_NETWORK, OCI_NS_CGROUP, OCI_NS_TIME,
						    OCI_NS_PID,     OCI_NS_MOUNT };
	pid_t pid = 0;
	int r = pidfd_pid(pidfd, &pid, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		enum oci_namespace type = order[i];

		if (!(flags & ns_clone_flag(type)))
			continue;
		(void)snprintf(paths[type], sizeof(paths[type]), "/proc/%d/ns/%s", (int)pid,
			       ns_files[type]);
		plan.joins[plan.n_joins++] = (struct ns_join){ .type = type, .path = paths[type] };
	}
	return ns_join_plan(&plan, e);
}

int ns_join_pidfd(int pidfd, const bool has[OCI_NS_COUNT], enum oci_namespace but, struct err *e)
{
	uint64_t flags = 0;

	for (int type = OCI_NS_NONE + 1; type < OCI_NS_COUNT; type++)
		if (has[type] && type != (int)but)
			flags |= ns_clone_flag(type);
	if (flags == 0 || setns(pidfd, (int)flags) == 0)
		return 0;
	if (errno == ESRCH)
		return err_set(e, ESRCH, "join the container: its first process is gone");
	/* EPERM: one of them may not belong to the user namespace, into which all are joined. */
	if (errno == EINVAL || errno == ENOSYS || (errno == EPERM && (flags & CLONE_NEWUSER)))
		return join_files(pidfd, flags, e);
	return err_sys(e, "join the container's namespaces");
}
