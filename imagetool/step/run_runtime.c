/* SPDX-License-Identifier: Apache-2.0 */
/* Where the runtime is. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "imagetool/step/run.h"
#include "libutil/alloc.h"
#include "libutil/proc.h"

#define RUNTIME_NAME "creel"

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

/* In the directory that this program was started from: they are installed together, and a tree that
 * was built has them side by side. */
static char *beside_us(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	return xasprintf("%s/" RUNTIME_NAME, self);
}

int run_find_runtime(const char *given, char **ret, struct err *e)
{
	autofree char *path = NULL;

	if (given) {
		path = proc_search_path(given);
		if (!path || !is_program(path))
			return err_set(e, ENOENT, "--runtime '%s': no such program", given);
		*ret = steal_ptr(&path);
		return 0;
	}
	path = beside_us();
	if (!path || !is_program(path)) {
		free(path);
		path = proc_search_path(RUNTIME_NAME);
	}
	if (!path)
		return err_set(e, ENOENT,
			       "RUN needs the program '" RUNTIME_NAME
			       "', which is neither beside this one nor in PATH: install it, or "
			       "name it with --runtime");
	*ret = steal_ptr(&path);
	return 0;
}
