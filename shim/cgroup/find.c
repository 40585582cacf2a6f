/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/cgroup/find.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/strv.h"

#define CGROUP_MOUNT "/sys/fs/cgroup"
/* A path may be 4 KiB in each hierarchy. */
#define PROC_CGROUP_MAX ((size_t)256 << 10)
#define MOUNTINFO_MAX   ((size_t)16 << 20)

/* Is `word` one of the words of `list`, which commas separate? */
static bool list_has(const char *list, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (const char *end = list + len; list < end;) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t here = (size_t)((comma ? comma : end) - list);

		if (here == n && memcmp(list, word, n) == 0)
			return true;
		list += here + 1;
	}
	return false;
}

/* "4:cpu,cpuacct:/path"; v2's line is "0::/path". */
struct group_line {
	bool v2;
	const char *controllers, *path;
	size_t n_controllers, path_len;
};

static bool read_group_line(const char *line, size_t len, struct group_line *ret)
{
	const char *end = line + len;
	const char *first = memchr(line, ':', len);
	const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;

	if (!second)
		return false;
	*ret = (struct group_line){
		.v2 = first == line + 1 && line[0] == '0' && second == first + 1,
		.controllers = first + 1,
		.n_controllers = (size_t)(second - first - 1),
		.path = second + 1,
		.path_len = (size_t)(end - second - 1),
	};
	return true;
}

char *cgroup_path_in(const char *proc_cgroup, const char *controller, bool *ret_v2)
{
	struct group_line l, v2 = { 0 };

	for (const char *p = proc_cgroup; *p;) {
		size_t len = strcspn(p, "\n");

		if (read_group_line(p, len, &l)) {
			if (l.v2) {
				v2 = l;
			} else if (list_has(l.controllers, l.n_controllers, controller)) {
				*ret_v2 = false;
				return xstrndup(l.path, l.path_len);
			}
		}
		p += len + (p[len] == '\n');
	}
	if (!v2.path)
		return NULL;
	*ret_v2 = true;
	return xstrndup(v2.path, v2.path_len);
}

/* Undo the kernel's \040 and the like, in place. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* Fields of a line of mountinfo: "36 35 98:0 /root /point rw,... [tags] - type source options". */
enum { FIELD_ROOT = 3, FIELD_POINT = 4, FIELDS_BEFORE_TAGS = 6, FIELDS_AFTER_DASH = 3 };

static bool is_hierarchy(char *const *after_dash, const char *controller, bool v2)
{
	if (v2)
		return streq(after_dash[0], "cgroup2");
	return streq(after_dash[0], "cgroup") &&
	       list_has(after_dash[2], strlen(after_dash[2]), controller);
}

/* What of `path` lies below `root`, or NULL. */
static const char *below(const char *path, const char *root)
{
	size_t n = streq(root, "/") ? 0 : strlen(root);

	if (strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return NULL;
	return path + n;
}

static char *dir_of_line(const char *line, size_t len, const char *controller, bool v2,
			 const char *path)
{
	autofree char *text = xstrndup(line, len);
	auto_(strv) struct strv f = { 0 };
	const char *rest;
	size_t dash;

	strv_split(&f, text, ' ', false);
	for (dash = FIELDS_BEFORE_TAGS; dash < f.n && !streq(f.v[dash], "-"); dash++)
		;
	if (dash + FIELDS_AFTER_DASH >= f.n || !is_hierarchy(f.v + dash + 1, controller, v2))
		return NULL;
	unescape(f.v[FIELD_ROOT]);
	unescape(f.v[FIELD_POINT]);
	rest = below(path, f.v[FIELD_ROOT]);
	return rest ? path_join(f.v[FIELD_POINT], rest) : NULL;
}

char *cgroup_dir_in(const char *mountinfo, const char *controller, bool v2, const char *path)
{
	/* Groups outside our cgroup namespace are named from it upwards. */
	if (path[0] != '/' || path_has_dotdot(path))
		return NULL;
	for (const char *p = mountinfo; *p;) {
		size_t len = strcspn(p, "\n");
		char *dir = dir_of_line(p, len, controller, v2, path);

		if (dir)
			return dir;
		p += len + (p[len] == '\n');
	}
	return NULL;
}

/* Nearly every host mounts them there; mountinfo may be long. */
static int open_usual(const char *controller, bool v2, const char *path)
{
	autofree char *dir = path_join(CGROUP_MOUNT, v2 ? "" : controller);
	autofree char *whole = path_join(dir, path);
	struct statfs fs;

	if (path_has_dotdot(path) || statfs(dir, &fs) < 0)
		return -1;
	if (fs.f_type != (v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))
		return -1;
	return open(whole, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_by_mountinfo(const char *controller, bool v2, const char *path, struct err *e)
{
	autofree char *mounts = NULL;
	autofree char *dir = NULL;
	int fd, r;

	r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &mounts, NULL, e);
	if (r < 0)
		return r;
	dir = cgroup_dir_in(mounts, controller, v2, path);
	if (!dir)
		return err_set(e, ENOENT, "cgroup '%s' of %s is not mounted here", path,
			       v2 ? "v2" : controller);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open cgroup '%s'", dir) : fd;
}

int cgroup_text(pid_t pid, char **ret, struct err *e)
{
	autofree char *text = NULL;
	char file[32];
	size_t len = 0;
	int r;

	(void)snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	r = file_read_at(AT_FDCWD, file, PROC_CGROUP_MAX, &text, &len, e);
	/* What is kept for the life of a container has no room to grow. */
	if (r >= 0)
		*ret = xstrndup(text, len);
	return r;
}

int cgroup_open_of(const char *proc_cgroup, const char *controller, bool *ret_v2, struct err *e)
{
	bool v2 = false;
	autofree char *path = cgroup_path_in(proc_cgroup, controller, &v2);
	int fd;

	if (!path)
		return err_set(e, ENOENT, "no cgroup of %s", controller);
	fd = open_usual(controller, v2, path);
	if (fd < 0)
		fd = open_by_mountinfo(controller, v2, path, e);
	if (fd >= 0)
		*ret_v2 = v2;
	return fd;
}

int cgroup_open(pid_t pid, const char *controller, bool *ret_v2, struct err *e)
{
	autofree char *groups = NULL;
	int r = cgroup_text(pid, &groups, e);

	if (r >= 0)
		r = cgroup_open_of(groups, controller, ret_v2, e);
	return r == -ENOENT ? err_wrap(e, r, "process %d", (int)pid) : r;
}
