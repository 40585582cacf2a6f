/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a container: wait for processes that are brought in, and try to read a file of the host's
 * through the root or the working directory that each of them has in its first moments.
 *
 *     peep FILE [exe]       until /stop exists; prints "seen" when it could be read, then "over"
 *
 * With "exe", for who may not trace, a process whose program can be opened is one that was seen,
 * too, unless it is one of the image's.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AHEAD 3
#define LOOKS 2000

static bool look(int pid, const char *link, const char *file)
{
	char path[1024];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s%s", pid, link, file);
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* A directory of the host's groups, from where ".." leads to all of them; the host's procfs. */
static bool look_at_files(int pid, const char *file)
{
	bool found = false;
	char link[32], root[512];

	(void)snprintf(root, sizeof(root), "/1/root%s", file);
	for (int fd = 3; fd < 24; fd++) {
		(void)snprintf(link, sizeof(link), "fd/%d", fd);
		found |= look(pid, link, "/cgroup.procs") || look(pid, link, root);
	}
	return found;
}

static bool same_file(const struct stat *a, const char *path)
{
	struct stat b;

	return stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

static bool look_at_program(int pid)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(path, &st) == 0 && !same_file(&st, "/proc/self/exe") &&
	       !same_file(&st, "/bin/busybox");
}

int main(int argc, char **argv)
{
	bool programs = argc == 3 && strcmp(argv[2], "exe") == 0;
	int next = getpid() + 1;
	bool seen = false;

	if (argc != 2 && !programs)
		return 2;
	while (access("/stop", F_OK) < 0)
		for (int i = 0; i < LOOKS && !seen; i++)
			for (int pid = next; pid < next + AHEAD; pid++) {
				seen |= look(pid, "root", argv[1]) || look(pid, "cwd/.", argv[1]) ||
					look_at_files(pid, argv[1]) ||
					(programs && look_at_program(pid));
				if (pid > next && look(pid, "stat", ""))
					next = pid;
			}
	if (seen)
		(void)puts("seen");
	(void)puts("over");
	return 0;
}
