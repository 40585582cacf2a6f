/* SPDX-License-Identifier: Apache-2.0 */
/* What later verbs must know of a scope. */
#include <errno.h>

#include "libutil/path.h"
#include "runtime/cgroup/systemd.h"
#include "runtime/systemd/unit.h"

void systemd_encode(const struct cgroup *cg, struct json_writer *w)
{
	json_kv_string(w, "unit", cg->scope->unit);
	json_kv_bool(w, "userManager", cg->scope->user);
}

int systemd_decode(struct cgroup *cg, const struct json *v, struct err *e)
{
	const struct json *user = json_get(v, "userManager");
	const char *unit = json_get_string(v, "unit");
	struct systemd_scope *s;

	/* Units are killed by this name. */
	if (!unit || !unit_is_scope(unit))
		return err_set(e, EBADMSG, "cgroup.unit: '%s' is no scope", unit ? unit : "");
	if (cg->n != 1 || !streq(path_base(cg->trees[0].path), unit))
		return err_set(e, EBADMSG, "cgroup.unit: '%s' has another group", unit);
	s = cg->scope = xcalloc(1, sizeof(*s));
	s->unit = arena_strdup(&s->arena, unit);
	s->user = user && user->kind == JSON_BOOL && user->boolean;
	return 0;
}
