/* SPDX-License-Identifier: Apache-2.0 */
/* What later verbs must know of a scope. */
#include <errno.h>

#include "libutil/path.h"
#include "runtime/cgroup/systemd.h"
#include "runtime/systemd/unit.h"

void systemd_to_record(const struct cgroup *cg, struct cgroup_record *ret)
{
	ret->unit = cg->scope->unit;
	ret->user_manager = cg->scope->user;
}

int systemd_of_record(struct cgroup *cg, const struct cgroup_record *rec, struct err *e)
{
	const char *unit = rec->unit;
	struct systemd_scope *s;

	/* Units are killed by this name. */
	if (!unit || !unit_is_scope(unit))
		return err_set(e, EBADMSG, "cgroup.unit: '%s' is no scope", unit ? unit : "");
	if (cg->n != 1 || !streq(path_base(cg->trees[0].path), unit))
		return err_set(e, EBADMSG, "cgroup.unit: '%s' has another group", unit);
	s = cg->scope = xcalloc(1, sizeof(*s));
	s->unit = arena_strdup(&s->arena, unit);
	s->user = rec->user_manager;
	return 0;
}
