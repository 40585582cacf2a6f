/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts with hierarchies of v1 and a v2 tree: each controller is in one of the two. */
#include "runtime/cgroup/limits.h"

bool limits_has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at;) {
		size_t n = strcspn(at, " ");

		if (n == len && memcmp(at, word, n) == 0)
			return true;
		at += n + (at[n] == ' ');
	}
	return false;
}

/* A member of `all` goes to the half that has its controller. */
#define MOVE(controller, member)                                                                   \
	do {                                                                                       \
		if (limits_has_word(controllers, controller)) {                                    \
			v2->member = all->member;                                                  \
			v1->member = none.member;                                                  \
		}                                                                                  \
	} while (0)

/* linux.resources.cpu speaks of two controllers. */
static void split_cpu(const struct spec_cpu *all, const char *controllers, struct spec_cpu *v1,
		      struct spec_cpu *v2)
{
	*v1 = *v2 = (struct spec_cpu){ 0 };
	*(limits_has_word(controllers, "cpu") ? v2 : v1) = *all;
	v1->cpus = v1->mems = v2->cpus = v2->mems = NULL;
	if (limits_has_word(controllers, "cpuset")) {
		v2->cpus = all->cpus;
		v2->mems = all->mems;
	} else {
		v1->cpus = all->cpus;
		v1->mems = all->mems;
	}
}

static void split(const struct spec_resources *all, const char *controllers,
		  struct spec_resources *v1, struct spec_resources *v2)
{
	static const struct spec_resources none;

	*v1 = *all;
	*v2 = (struct spec_resources){ .unified = all->unified };
	v1->unified = (struct oci_strmap){ 0 };
	MOVE("memory", memory);
	MOVE("pids", pids);
	MOVE("io", block_io);
	MOVE("hugetlb", hugepage_limits);
	MOVE("rdma", rdma);
}

int limits_hybrid(const struct spec_resources *r, const char *v2_controllers, struct limits *ret,
		  struct err *e)
{
	struct spec_resources v1, v2;
	struct spec_cpu cpu1, cpu2;
	int res;

	if (!r)
		return 0;
	split(r, v2_controllers, &v1, &v2);
	if (r->cpu) {
		split_cpu(r->cpu, v2_controllers, &cpu1, &cpu2);
		v1.cpu = &cpu1;
		v2.cpu = &cpu2;
	}
	res = limits_v1(&v1, ret, e);
	return res < 0 ? res : limits_v2(&v2, ret, e);
}
