/* SPDX-License-Identifier: Apache-2.0 */
/* Other limits for a group that is in use. */
#include <errno.h>

#include "runtime/cgroup/apply.h"
#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/systemd.h"

/* "quota period" */
#define CPU_MAX_SIZE 64

/* A copy whose groups are open: the caller's is const, and most verbs need no descriptors. */
static int open_all(const struct cgroup *cg, struct cgroup *copy, struct err *e)
{
	*copy = *cg;
	copy->n = 0;
	for (size_t i = 0; i < cg->n; i++) {
		struct cgroup_tree t = cg->trees[i];

		t.fd = tree_open(&t, e);
		if (t.fd == -ENOENT && cg->rootless)
			continue;
		if (t.fd < 0)
			return t.fd;
		copy->trees[copy->n++] = t;
	}
	return 0;
}

/* All or nothing, as far as the kernel lets us. */
static int take_back(const struct undo *undo, int failed, struct err *e)
{
	auto_(strbuf) struct strbuf stuck = { 0 };
	struct err why = { 0 };

	undo_all(undo, &stuck);
	if (stuck.len == 0 || !e)
		return failed;
	why = *e;
	return err_set(e, -failed, "%s (what was written to %s before is not put back)", why.msg,
		       strbuf_str(&stuck));
}

/* What was just written becomes systemd's word too, or it would go back on the next occasion.
 * systemd writes it once more, in its own steps where it counts more coarsely: hence the exact
 * values a second time. */
static int tell_systemd(const struct cgroup *cg, const struct limits *l, struct err *e)
{
	char now[CPU_MAX_SIZE];
	int n = tree_read_word(cg->trees[0].fd, "cpu.max", now, sizeof(now));
	int r = systemd_set(cg, l, n > 0 ? now : NULL, e);

	return r < 0 ? r : apply_limits(cg, l, NULL, e);
}

static int apply(const struct cgroup *cg, const struct spec_resources *r, const struct limits *l,
		 struct err *e)
{
	auto_(undo) struct undo undo = { 0 };
	int res = apply_check_usage(cg, r, e);

	if (res < 0)
		return res;
	res = apply_limits(cg, l, &undo, e);
	if (res == 0 && cg->scope)
		res = tell_systemd(cg, l, e);
	if (res == 0 && r && r->devices.items)
		res = devices_apply(cg, r, false, e);
	return res < 0 ? take_back(&undo, res, e) : 0;
}

int cgroup_update(const struct cgroup *cg, const struct spec_resources *r, struct err *e)
{
	auto_(limits) struct limits l = { 0 };
	struct cgroup copy;
	int res = apply_decide(cg, r, &l, e);

	if (res == 0)
		res = apply_check(cg, &l, e);
	if (res == 0)
		res = devices_check(cg, r, e);
	if (res < 0)
		return res;
	res = open_all(cg, &copy, e);
	if (res == 0)
		res = apply(&copy, r, &l, e);
	for (size_t i = 0; i < copy.n; i++)
		(void)close(copy.trees[i].fd);
	return res;
}
