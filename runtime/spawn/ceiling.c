/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/ceiling.h"

static void raise_one(const struct spec_rlimit *want, struct ceiling *c)
{
	int which = oci_rlimit_number(want->type);
	struct rlimit now;

	if (which < 0 || getrlimit((__rlimit_resource_t)which, &now) < 0)
		return;
	if (now.rlim_max == RLIM_INFINITY || want->hard.v <= now.rlim_max)
		return;
	c->old[which] = now;
	now.rlim_max = want->hard.v;
	c->raised[which] = setrlimit((__rlimit_resource_t)which, &now) == 0;
}

void ceiling_raise(const struct spec_process *process, struct ceiling *ret)
{
	const struct spec_rlimit *list = process->rlimits.items;

	*ret = (struct ceiling){ 0 };
	for (size_t i = 0; i < process->rlimits.n; i++)
		raise_one(&list[i], ret);
}

void ceiling_restore(const struct ceiling *c)
{
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (c->raised[i])
			(void)setrlimit((__rlimit_resource_t)i, &c->old[i]);
}
