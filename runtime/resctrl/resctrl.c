/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resctrl/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"

#define MOUNTINFO_MAX ((size_t)4 << 20)
/* A line for each resource, with some hundred caches. */
#define SCHEMATA_MAX ((size_t)64 << 10)
#define STATUS_MAX   4096
#define GROUP_MODE   0755

/* ---- where it is ---- */

/* The mount point in a line of mountinfo whose file system is resctrl; cut up. */
static const char *mount_of(char *line)
{
	char *dash = strstr(line, " - resctrl "), *save = NULL, *word = NULL;

	if (!dash)
		return NULL;
	for (int i = 0; i < 5; i++)
		word = strtok_r(i ? NULL : line, " ", &save);
	/* Blanks and the like are written with a backslash; nobody mounts it there. */
	return word && !strchr(word, '\\') ? word : NULL;
}

int resctrl_open(char **ret_path, struct err *e)
{
	autofree char *text = NULL;
	char *save = NULL;
	int r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *path = mount_of(line);
		int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (path && fd < 0)
			return err_sys(e, "open '%s'", path);
		if (fd < 0)
			continue;
		if (ret_path)
			*ret_path = xstrdup(path);
		return fd;
	}
	return err_set(
		e, ENODEV,
		"linux.intelRdt: no resctrl is mounted (on a processor that has it: mount -t "
		"resctrl resctrl /sys/fs/resctrl)");
}

static int open_group(int rootfd, const char *group)
{
	return openat(rootfd, group, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* ---- looking ---- */

static int compare(int groupfd, const struct resctrl *r, struct err *e)
{
	autofree char *now = NULL;
	int res = file_read_at(groupfd, "schemata", SCHEMATA_MAX, &now, NULL, e);

	for (size_t i = 0; res >= 0 && i < r->n_lines; i++)
		if (r->lines[i].compare && !resctrl_agrees(r->lines[i].text, now))
			return err_set(e, EEXIST,
				       "%s: '%s' is not what the class of service '%s' has, and it "
				       "may be others' as well",
				       r->lines[i].json, r->lines[i].text, r->group);
	return res;
}

int resctrl_check(int rootfd, struct resctrl *r, struct err *e)
{
	autofd int fd = open_group(rootfd, r->group);

	if (fd >= 0)
		return r->named && r->n_lines > 0 ? compare(fd, r, e) : 0;
	if (errno != ENOENT)
		return err_sys(e, "linux.intelRdt.closID: open '%s' in resctrl", r->group);
	if (r->named && r->n_lines == 0)
		return err_set(
			e, ENOENT,
			"linux.intelRdt.closID: resctrl has no class of service '%s' (make it, "
			"or say in 'schemata' what it is to have)",
			r->group);
	r->make = true;
	return 0;
}

/* ---- doing ---- */

int resctrl_make(int rootfd, const struct resctrl *r, struct err *e)
{
	if (!r->make || mkdirat(rootfd, r->group, GROUP_MODE) == 0 || errno == EEXIST)
		return 0;
	if (errno == ENOSPC)
		return err_set(
			e, ENOSPC,
			"linux.intelRdt: make the class of service '%s': the processor has no "
			"more of them",
			r->group);
	return err_sys(e, "linux.intelRdt: make the class of service '%s'", r->group);
}

/* The kernel says in words what it did not like. */
static int explain(int rootfd, const struct resctrl_line *line, int error, struct err *e)
{
	autofree char *status = NULL;
	const char *words = strerror(error);

	if (file_read_at(rootfd, "info/last_cmd_status", STATUS_MAX, &status, NULL, NULL) >= 0) {
		status[strcspn(status, "\n")] = '\0';
		if (*status && !streq(status, "ok"))
			words = status;
	}
	return err_set(e, error, "%s: write '%s' to 'schemata': %s", line->json, line->text, words);
}

int resctrl_write(int rootfd, const struct resctrl *r, struct err *e)
{
	autofd int group = open_group(rootfd, r->group), fd = -1;

	if (r->n_lines == 0)
		return 0;
	fd = group < 0 ? -1 : openat(group, "schemata", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "linux.intelRdt: open 'schemata' of '%s'", r->group);
	for (size_t i = 0; i < r->n_lines; i++) {
		autofree char *text = xasprintf("%s\n", r->lines[i].text);

		if (write(fd, text, strlen(text)) < 0)
			return explain(rootfd, &r->lines[i], errno, e);
	}
	return 0;
}

int resctrl_monitor(int rootfd, const struct resctrl *r, struct err *e)
{
	autofree char *path = NULL;

	if (!r->monitor)
		return 0;
	path = xasprintf("%s/mon_groups/%s", r->group, r->monitor);
	if (mkdirat(rootfd, path, GROUP_MODE) < 0)
		return err_sys(e, "linux.intelRdt.enableMonitoring: make '%s'", path);
	return 0;
}

static int write_thread(int fd, const char *file, pid_t pid, struct err *e)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)pid);

	if (write(fd, text, (size_t)len) < 0 && errno != ESRCH)
		return err_sys(e, "linux.intelRdt: write '%d' to '%s'", (int)pid, file);
	return 0;
}

static int add_to(int rootfd, const char *file, pid_t pid, struct err *e)
{
	autofd int fd = openat(rootfd, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "linux.intelRdt: open '%s'", file)
		      : write_thread(fd, file, pid, e);
}

int resctrl_add(int rootfd, const struct resctrl *r, pid_t pid, struct err *e)
{
	autofree char *tasks = xasprintf("%s/tasks", r->group), *below = NULL;
	int res = add_to(rootfd, tasks, pid, e);

	if (res < 0 || !r->monitor)
		return res;
	below = xasprintf("%s/mon_groups/%s/tasks", r->group, r->monitor);
	return add_to(rootfd, below, pid, e);
}

static int remove_dir(int rootfd, const char *path, struct err *e)
{
	if (unlinkat(rootfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s' of resctrl", path);
	return 0;
}

int resctrl_remove(int rootfd, const char *group, const char *monitor, bool made, struct err *e)
{
	autofree char *path = xasprintf("%s/mon_groups/%s", group, monitor ? monitor : "");
	int r = monitor ? remove_dir(rootfd, path, e) : 0;

	return r < 0 || !made ? r : remove_dir(rootfd, group, e);
}

char *resctrl_remember(int rootfd, const char *group)
{
	autofree char *path = xasprintf("%s/schemata", group);
	char *text = NULL;

	(void)file_read_at(rootfd, path, SCHEMATA_MAX, &text, NULL, NULL);
	return text;
}

void resctrl_put_back(int rootfd, const char *group, const char *schemata)
{
	autofree char *path = xasprintf("%s/schemata", group);

	if (schemata)
		(void)file_write_at(rootfd, path, schemata, NULL);
}
