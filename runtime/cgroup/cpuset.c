/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cpuset.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/file.h"

/* A list of processors; "0-1023" and worse. */
#define LIST_MAX 8192

static char *value_file(const char *mount, const char *path, size_t len, const char *name)
{
	return xasprintf("%s%.*s/%s", mount, (int)len, path, name);
}

/* Find the value at `len` bytes of the path, going up while it is empty, and write it coming down.
 */
static int inherit(const struct cgroup_tree *t, size_t len, const char *name, char value[LIST_MAX],
		   struct err *e)
{
	autofree char *file = value_file(t->mount, t->path, len, name);
	int r = tree_read_word(AT_FDCWD, file, value, LIST_MAX);

	if (r < 0)
		return err_set(e, -r, "read '%s': %s", file, strerror(-r));
	if (r > 0 || len == 0)
		return r;
	do
		len--;
	while (len > 0 && t->path[len] != '/');
	r = inherit(t, len, name, value, e);
	if (r <= 0)
		return r;
	return file_write_at(AT_FDCWD, file, value, e) < 0 ? -EIO : 1;
}

int cpuset_inherit(const struct cgroup_tree *t, struct err *e)
{
	static const char *const names[] = { "cpuset.cpus", "cpuset.mems" };
	char value[LIST_MAX];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int r = inherit(t, strlen(t->path), names[i], value, e);

		if (r < 0)
			return r;
	}
	return 0;
}
