/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/parse.h"
#include "libutil/path.h"

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#endif
#define SCHED_CORE_CREATE        1
#define SCHED_CORE_PROCESS_GROUP 2

#define CGROUP_ROOT    "/sys/fs/cgroup"
#define PROCS          "cgroup.procs"
#define OOM_SCORE_MAX  1000
#define SMALL_FILE_MAX 64
#define PROC_PATH_SIZE 48
#define PID_TEXT_SIZE  16

/* ---- Control group ---- */

struct search {
	const char *path;
	char pid[PID_TEXT_SIZE];
	int found;
};

static int join(int rootfd, struct search *s, struct err *e)
{
	autofd int groupfd =
		beneath_open(rootfd, s->path, O_PATH | O_DIRECTORY, 0, BENEATH_CHROOT, e);
	int r;

	if (groupfd < 0)
		return groupfd;
	r = file_write_at(groupfd, PROCS, s->pid, e);
	if (r >= 0)
		s->found++;
	return r;
}

static bool is_cgroup(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

/* A controller's hierarchy; "cpu" may be a link to "cpu,cpuacct", which joins twice, harmlessly. */
static int join_hierarchy(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
			  struct err *e)
{
	autofd int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0 || !is_cgroup(fd))
		return 0;
	r = join(fd, ctx, e);
	if (r == -ENOENT)
		err_clear(e);
	return r == -ENOENT ? 0 : r;
}

static int join_all(int rootfd, struct search *s, struct err *e)
{
	int r = is_cgroup(rootfd) ? join(rootfd, s, e) : dir_each(rootfd, join_hierarchy, s, e);

	if (r >= 0 && s->found == 0)
		return err_set(e, ENOENT, "no hierarchy has it: make the group first");
	return r;
}

int place_in_cgroup(pid_t pid, const char *path, struct err *e)
{
	autofd int rootfd = dir_open_at(AT_FDCWD, CGROUP_ROOT, e);
	struct search s = { .path = path };
	int r = rootfd;

	(void)snprintf(s.pid, sizeof(s.pid), "%d", (int)pid);
	if (rootfd >= 0)
		r = join_all(rootfd, &s, e);
	return r < 0 ? err_wrap(e, r, "ShimCgroup '%s'", path) : 0;
}

/* ---- Out of memory ---- */

static int read_score(pid_t pid, int *ret, struct err *e)
{
	autofree char *text = NULL;
	char path[PROC_PATH_SIZE];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	r = file_read_at(AT_FDCWD, path, SMALL_FILE_MAX, &text, NULL, e);
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	return parse_int(text, ret) < 0 ? err_set(e, EBADMSG, "'%s' holds '%s'", path, text) : 0;
}

/* Only ever raised: to lower it takes a capability. */
int place_oom_score(pid_t pid, pid_t containerd, struct err *e)
{
	char path[PROC_PATH_SIZE], text[PID_TEXT_SIZE];
	int theirs = 0, ours = 0;
	int r = read_score(containerd, &theirs, e);

	if (r >= 0)
		r = read_score(pid, &ours, e);
	if (r < 0)
		return r;
	theirs = theirs < OOM_SCORE_MAX ? theirs + 1 : OOM_SCORE_MAX;
	if (theirs <= ours)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	(void)snprintf(text, sizeof(text), "%d", theirs);
	return file_write_at(AT_FDCWD, path, text, e);
}

/* ---- Core scheduling ---- */

int place_core(struct err *e)
{
	if (prctl(PR_SCHED_CORE, SCHED_CORE_CREATE, 0, SCHED_CORE_PROCESS_GROUP, 0) < 0)
		return err_sys(e, "SCHED_CORE: core scheduling (needs CONFIG_SCHED_CORE and SMT)");
	return 0;
}
