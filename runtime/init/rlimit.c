/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/resource.h>

#include "runtime/init/stage.h"

static int set_one(const struct spec_rlimit *l, struct err *e)
{
	struct rlimit now = { 0 };
	struct rlimit want = { .rlim_cur = l->soft.v, .rlim_max = l->hard.v };
	int number = oci_rlimit_number(l->type);

	if (number < 0)
		return err_set(e, EINVAL, "unknown limit '%s'", l->type);
	if (setrlimit((__rlimit_resource_t)number, &want) == 0)
		return 0;
	if (errno != EPERM || getrlimit((__rlimit_resource_t)number, &now) < 0)
		return err_sys(e, "%s: set %llu, hard %llu", l->type, (unsigned long long)l->soft.v,
			       (unsigned long long)l->hard.v);
	return err_set(e, EPERM,
		       "%s: raising the hard limit from %llu to %llu needs CAP_SYS_RESOURCE, which "
		       "this process does not hold",
		       l->type, (unsigned long long)now.rlim_max, (unsigned long long)l->hard.v);
}

int rlimit_apply(const struct spec_process *process, struct err *e)
{
	const struct spec_rlimit *l = process->rlimits.items;

	for (size_t i = 0; i < process->rlimits.n; i++) {
		int r = set_one(&l[i], e);

		if (r < 0)
			return err_wrap(e, r, "process.rlimits[%zu]", i);
	}
	return 0;
}
