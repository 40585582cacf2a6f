/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/layout.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "libutil/alloc.h"
#include "libutil/path.h"
#include "libutil/strbuf.h"
#include "runtime/cgroup/cgroup.h"

/* Options of a v1 mount that are no controllers; what has a value is told by its '='. */
static const char *const mount_options[] = {
	"rw",
	"ro",
	"none",
	"all",
	"xattr",
	"noprefix",
	"relatime",
	"seclabel",
	"clone_children",
	"cpuset_v2_mode",
	"favordynmods",
};

/* Every child of a v2 root shows cgroup.controllers, but only the magic number is sure. */
static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

bool layout_is_visible(const char *mount)
{
	struct statfs fs;

	return statfs(mount, &fs) == 0 &&
	       (fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

int cgroup_layout(enum cgroup_layout *ret, struct err *e)
{
	struct statfs fs;

	if (statfs(CGROUP_ROOT, &fs) < 0)
		return err_sys(e, "control groups at '%s' (" CGROUP_DO_WITHOUT ")", CGROUP_ROOT);
	if (fs.f_type == CGROUP2_SUPER_MAGIC)
		*ret = CGROUP_V2;
	else
		*ret = is_cgroup2(CGROUP_ROOT "/unified") ? CGROUP_HYBRID : CGROUP_V1;
	return 0;
}

static bool is_option(const char *word, size_t len)
{
	if (memchr(word, '=', len))
		return strncmp(word, "name=", 5) != 0;
	for (size_t i = 0; i < ARRAY_LEN(mount_options); i++)
		if (strlen(mount_options[i]) == len && memcmp(mount_options[i], word, len) == 0)
			return true;
	return false;
}

/* "rw,xattr,name=systemd" -> "name=systemd" */
static void keep_controllers(char *options)
{
	char *out = options;
	const char *at = options;

	while (*at) {
		size_t len = strcspn(at, ",");
		bool more = at[len] == ',';

		if (!is_option(at, len)) {
			if (out != options)
				*out++ = ',';
			memmove(out, at, len);
			out += len;
		}
		at += len + more;
	}
	*out = '\0';
}

/* 36 35 98:0 /root /mount options [optional...] - type source super-options */
static int read_line(char *line, layout_mount_fn *fn, void *ctx, struct err *e)
{
	char *field[6] = { NULL }, *tail[3] = { NULL };
	char *dash = strstr(line, " - "), *save = NULL;
	bool v2;

	if (!dash)
		return 0;
	*dash = '\0';
	for (size_t i = 0; i < ARRAY_LEN(field); i++)
		field[i] = strtok_r(i ? NULL : line, " ", &save);
	for (size_t i = 0; i < ARRAY_LEN(tail); i++)
		tail[i] = strtok_r(i ? NULL : dash + 3, " ", &save);
	if (!field[4] || !tail[2])
		return 0;
	v2 = streq(tail[0], "cgroup2");
	if (!v2 && !streq(tail[0], "cgroup"))
		return 0;
	if (!starts_with(field[4], CGROUP_ROOT) || strchr(field[4], '\\'))
		return 0;
	if (v2)
		tail[2][0] = '\0';
	else
		keep_controllers(tail[2]);
	return fn(tail[2], field[4], field[3], ctx, e);
}

int layout_each_mount(char *mountinfo, layout_mount_fn *fn, void *ctx, struct err *e)
{
	char *save = NULL;

	for (char *line = strtok_r(mountinfo, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		int r = read_line(line, fn, ctx, e);

		if (r != 0)
			return r;
	}
	return 0;
}

/* One of the first `len` bytes' words is among the line's controllers. */
static bool shares_controller(const char *line, size_t line_len, const char *wanted)
{
	if (wanted[0] == '\0' || line_len == 0)
		return wanted[0] == '\0' && line_len == 0;
	for (const char *at = wanted; *at;) {
		size_t len = strcspn(at, ",");

		for (const char *have = line; have < line + line_len;) {
			size_t have_len = strcspn(have, ",:");

			if (have_len == len && memcmp(have, at, len) == 0)
				return true;
			have += have_len + 1;
		}
		at += len + (at[len] == ',');
	}
	return false;
}

char *layout_path_of(const char *proc_cgroup, const char *controllers)
{
	const char *line = proc_cgroup;

	while (line && *line) {
		const char *end = strchrnul(line, '\n');
		const char *names = memchr(line, ':', (size_t)(end - line));
		const char *path = NULL;

		if (names)
			path = memchr(names + 1, ':', (size_t)(end - names - 1));
		if (path && shares_controller(names + 1, (size_t)(path - names - 1), controllers))
			return xstrndup(path + 1, (size_t)(end - path - 1));
		line = *end ? end + 1 : NULL;
	}
	return NULL;
}
