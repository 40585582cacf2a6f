/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/strbuf.h"
#include "libutil/sys.h"

#define PROC_PATH_SIZE 48

/* A process that waits in the namespace until it has its maps; the lifeline ends it if we end. */
static pid_t start_holder(int *ret_pidfd, struct err *e)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	autofd int waiting = -1, lifeline = -1;
	int ends[2];
	pid_t pid;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	waiting = ends[0];
	lifeline = ends[1];
	pid = sys_clone3(&args, sizeof(args));
	if (pid < 0)
		return err_sys(e, "make a user namespace");
	if (pid > 0)
		return pid;
	/* No atexit handlers, no buffers: this is a copy of the shim. */
	(void)close(lifeline);
	(void)!read(waiting, &byte, 1);
	for (;;)
		(void)pause();
}

/* Our reaper may be faster. */
static void end_holder(int pidfd)
{
	siginfo_t si;

	(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	(void)waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED);
}

static int write_map(pid_t pid, const char *name, const struct mount_map *map, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	char path[PROC_PATH_SIZE];

	for (size_t i = 0; i < map->n; i++)
		strbuf_addf(&text, "%u %u %u\n", map->items[i].inside, map->items[i].outside,
			    map->items[i].count);
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return file_write_at(AT_FDCWD, path, strbuf_str(&text), e);
}

static int open_userns(pid_t pid, const struct mount_map *uids, const struct mount_map *gids,
		       struct err *e)
{
	char path[PROC_PATH_SIZE];
	int r = write_map(pid, "uid_map", uids, e), fd;

	if (r >= 0)
		r = write_map(pid, "gid_map", gids, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", path) : fd;
}

int idmap_userns(const struct mount_map *uids, const struct mount_map *gids, struct err *e)
{
	autofd int pidfd = -1;
	pid_t pid = start_holder(&pidfd, e);
	int fd;

	if (pid < 0)
		return pid;
	fd = open_userns(pid, uids, gids, e);
	end_holder(pidfd);
	return fd < 0 ? err_wrap(e, fd, "map ids of a mount") : fd;
}

int idmap_clone(const char *source, bool recursive, int usernsfd, struct err *e)
{
	unsigned deep = recursive ? (unsigned)AT_RECURSIVE : 0;
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (unsigned)usernsfd,
	};
	autofd int tree = sys_open_tree(
		AT_FDCWD, source, (unsigned)OPEN_TREE_CLONE | (unsigned)OPEN_TREE_CLOEXEC | deep);

	if (tree < 0)
		return err_sys(e, "clone the mount '%s'", source);
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | deep, &attr, sizeof(attr)) < 0)
		return err_sys(e, "map ids of '%s' (its file system must allow idmapped mounts)",
			       source);
	return steal_fd(&tree);
}
