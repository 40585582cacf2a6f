/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/log_dirs.h"

#include <errno.h>
#include <stdlib.h>

#include "libutil/path.h"

/* The file of a log; NULL when the driver has none. */
static const char *file_of(const char *spec)
{
	const char *colon = strchr(spec, ':');

	if (colon)
		return colon[1] ? colon + 1 : NULL;
	/* A bare word may be a driver's name; one with a slash is a path. */
	return strchr(spec, '/') ? spec : NULL;
}

int log_dirs_check(const struct strv *dirs, const char *spec, struct err *e)
{
	const char *file = file_of(spec);
	autofree char *parent = file ? path_parent(file) : NULL;
	autofree char *real = parent ? realpath(parent, NULL) : NULL;

	if (dirs->n == 0 || !file)
		return 0;
	if (!real)
		return err_sys(e, "log '%s'", file);
	for (size_t i = 0; i < dirs->n; i++) {
		autofree char *dir = realpath(dirs->v[i], NULL);

		if (dir && path_is_below(real, dir))
			return 0;
	}
	return err_set(e, EACCES, "log '%s': not below any --log-allowlist-dir", file);
}
