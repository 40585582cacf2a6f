/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel alone charges for a container: the namespaces and mounts of the
 * bundle that `creel spec` writes, in a program that knows them by heart, and then
 * execve().  No document, no state, no control group, no devices, no checks.
 *
 *     floor ROOTFS PROGRAM [ARG...]
 *
 * Exit status is the program's; 125 when something above failed.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libutil/macro.h"

#define EXIT_FLOOR    125
#define CGROUP2_MAGIC 0x63677270
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)

#define SAFE (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static const struct mount_row {
	const char *source, *target, *type;
	unsigned long flags;
	const char *data;
	bool make; /* the directory is in a file system that was just mounted */
} mounts[] = {
	{ "proc", "proc", "proc", SAFE, NULL, false },
	{ "tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k", false },
	{ "devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	  "newinstance,ptmxmode=0666,mode=0620,gid=5", true },
	{ "shm", "dev/shm", "tmpfs", SAFE, "mode=1777,size=65536k", true },
	{ "mqueue", "dev/mqueue", "mqueue", SAFE, NULL, true },
	{ "sysfs", "sys", "sysfs", SAFE | MS_RDONLY, NULL, false },
};

static const char *const readonly_paths[] = {
	"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};

static const char *const masked_paths[] = {
	"proc/acpi",        "proc/asound",        "proc/interrupts", "proc/kcore",
	"proc/keys",        "proc/latency_stats", "proc/timer_list", "proc/timer_stats",
	"proc/sched_debug", "proc/scsi",          "sys/firmware",    "sys/devices/virtual/powercap",
};

static NORETURN void die(const char *what)
{
	perror(what);
	_exit(EXIT_FLOOR);
}

static void must(int r, const char *what)
{
	if (r < 0)
		die(what);
}

/* v1: a directory that holds the hierarchies. */
static void mount_hierarchies(void)
{
	DIR *d = opendir("/sys/fs/cgroup");
	const struct dirent *entry;
	char from[512], to[512];

	must(d ? 0 : -1, "/sys/fs/cgroup");
	must(mount("cgroup", "sys/fs/cgroup", "tmpfs", SAFE, "mode=755"), "cgroup");
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		(void)snprintf(from, sizeof(from), "/sys/fs/cgroup/%s", entry->d_name);
		(void)snprintf(to, sizeof(to), "sys/fs/cgroup/%s", entry->d_name);
		must(mkdir(to, 0755), to);
		must(mount(from, to, NULL, MS_BIND, NULL), to);
		must(mount(NULL, to, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL), to);
	}
	(void)closedir(d);
}

static void mount_cgroup(void)
{
	struct statfs fs;

	must(statfs("/sys/fs/cgroup", &fs), "/sys/fs/cgroup");
	if (fs.f_type != CGROUP2_MAGIC) {
		mount_hierarchies();
		return;
	}
	must(mount("cgroup", "sys/fs/cgroup", "cgroup2", SAFE | MS_RDONLY | MS_RELATIME, NULL),
	     "cgroup2");
}

static void make_mounts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		const struct mount_row *m = &mounts[i];

		if (m->make)
			must(mkdir(m->target, 0755), m->target);
		must(mount(m->source, m->target, m->type, m->flags, m->data), m->target);
	}
	mount_cgroup();
}

static void restrict_paths(void)
{
	for (size_t i = 0; i < ARRAY_LEN(readonly_paths); i++) {
		const char *p = readonly_paths[i];

		if (mount(p, p, NULL, MS_BIND | MS_REC, NULL) == 0)
			must(mount(NULL, p, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL),
			     p);
	}
	for (size_t i = 0; i < ARRAY_LEN(masked_paths); i++) {
		const char *p = masked_paths[i];

		if (mount("/dev/null", p, NULL, MS_BIND, NULL) < 0 && errno == ENOTDIR)
			must(mount("tmpfs", p, "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1"), p);
	}
}

static NORETURN void inside(const char *rootfs, char **argv)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };

	must(sethostname("floor", 5), "sethostname");
	must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "/");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	must(chdir(rootfs), rootfs);
	make_mounts();
	restrict_paths();
	must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "read-only root");
	must(chdir("/"), "/");
	must(execve(argv[0], argv, (char **)(uintptr_t)env), argv[0]);
	_exit(EXIT_FLOOR);
}

int main(int argc, char **argv)
{
	struct clone_args args = { .flags = NAMESPACES, .exit_signal = SIGCHLD };
	int status;
	long pid;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: floor ROOTFS PROGRAM [ARG...]\n");
		return EXIT_FLOOR;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		die("clone3");
	if (pid == 0)
		inside(argv[1], argv + 2);
	if (waitpid((pid_t)pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FLOOR;
}
