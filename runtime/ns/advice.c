/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/path.h"

#define VALUE_MAX 64

static const struct switch_row {
	const char *file;
	int refusing; /* its value when it is in the way */
	const char *advice;
} switches[] = {
	/* Debian's own patch. */
	{ "sys/kernel/unprivileged_userns_clone", 0,
	  "root can allow it with 'sysctl kernel.unprivileged_userns_clone=1'" },
	/* The namespace is made, and whoever is in it finds that it has no rights. */
	{ "sys/kernel/apparmor_restrict_unprivileged_userns", 1,
	  "AppArmor leaves an ordinary user's namespace without rights: root can allow it with 'sysctl "
	  "kernel.apparmor_restrict_unprivileged_userns=0', or load a profile for this program with "
	  "the rule 'userns,'" },
	{ "sys/user/max_user_namespaces", 0,
	  "root can allow it with 'sysctl user.max_user_namespaces=15000'" },
};

static bool is_set(const char *proc, const struct switch_row *row)
{
	autofree char *path = path_join(proc, row->file);
	autofree char *text = NULL;

	return file_read_at(AT_FDCWD, path, VALUE_MAX, &text, NULL, NULL) >= 0 &&
	       atoi(text) == row->refusing;
}

const char *ns_advice(const char *proc, int code)
{
	if (code != EPERM && code != EACCES && code != ENOSPC && code != EUSERS)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (is_set(proc, &switches[i]))
			return switches[i].advice;
	/* The kernel has 32 levels, and says so by the same number as for too many. */
	if (code == ENOSPC || code == EUSERS)
		return "too many user namespaces, or too deeply nested: see user.max_user_namespaces";
	return NULL;
}

int ns_advise(struct err *e, int r)
{
	const char *advice = e ? ns_advice("/proc", -r) : NULL;
	struct err why;

	if (!advice)
		return r;
	why = *e;
	(void)err_set(e, why.code, "%s (%s)", why.msg, advice);
	return r;
}
