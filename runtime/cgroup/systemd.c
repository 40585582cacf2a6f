/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "libutil/file.h"
#include "libutil/path.h"
#include "runtime/annotation.h"
#include "runtime/cgroup/layout.h"
#include "runtime/systemd/gvariant.h"
#include "runtime/systemd/unit.h"

#define BOOTED          "/run/systemd/system"
#define PROC_CGROUP_MAX 65536
#define CONTROLLERS_MAX 512
#define TIMEOUT_MS      30000
#define USE_CGROUPFS    "use --cgroup-manager=cgroupfs"

void systemd_scope_free(struct systemd_scope *s)
{
	if (s)
		arena_done(&s->arena);
	free(s);
}

/* ---- plan ---- */

static int check_host(const struct cgroup *cg, struct err *e)
{
#ifndef HAVE_SYSTEMD
	return err_set(e, EOPNOTSUPP,
		       "this creel was built without libsystemd, which the systemd cgroup driver "
		       "needs: " USE_CGROUPFS);
#endif
	if (access(BOOTED, F_OK) < 0)
		return err_set(e, EOPNOTSUPP,
			       "systemd does not run this host ('" BOOTED
			       "' is missing): " USE_CGROUPFS);
	if (cg->layout != CGROUP_V2)
		return err_set(e, EOPNOTSUPP,
			       "the systemd cgroup driver needs cgroup v2 alone at '" CGROUP_ROOT
			       "', and v1 hierarchies are mounted there: " USE_CGROUPFS);
	return 0;
}

/* A group right below the scope: one component that names nothing else. */
static int plan_subgroup(struct systemd_scope *s, const struct runtime_spec *spec, struct err *e)
{
	const char *name = annotation_of(&spec->annotations, ANNOTATION_SYSTEMD_SUBGROUP);

	if (!name || !*name)
		return 0;
	if (strpbrk(name, "/\n") || name[0] == '.' || strlen(name) > UNIT_NAME_MAX)
		return err_set(e, EINVAL, "annotations.%s: '%s' is not the name of a group",
			       annotation_key(ANNOTATION_SYSTEMD_SUBGROUP), name);
	s->subgroup = arena_strdup(&s->arena, name);
	return 0;
}

/* Limits that the user's systemd was not given are refused now, not when there is a scope. */
static void learn_controllers(struct cgroup *cg, const char *root)
{
	autofree char *dir = path_join(CGROUP_ROOT, root);
	autofree char *file = path_join(dir, "cgroup.controllers");
	char have[CONTROLLERS_MAX];

	if (tree_read_word(AT_FDCWD, file, have, sizeof(have)) > 0)
		cg->v2_controllers = xstrdup(have);
}

/* Where the user's systemd stands, as far as can be told before it was asked: this is what the
 * state file says until the scope is made. */
static char *user_root(void)
{
	autofree char *text = NULL, *own = NULL;
	char *at;

	if (file_read_at(AT_FDCWD, "/proc/self/cgroup", PROC_CGROUP_MAX, &text, NULL, NULL) >= 0)
		own = layout_path_of(text, "");
	at = own ? strstr(own, "/user@") : NULL;
	at = at ? strstr(at, ".service") : NULL;
	if (at && path_is_absolute(own) && !path_has_dotdot(own)) {
		at[strlen(".service")] = '\0';
		return steal_ptr(&own);
	}
	return xasprintf("/user.slice/user-%u.slice/user@%u.service", (unsigned)geteuid(),
			 (unsigned)geteuid());
}

static int plan_tree(struct cgroup *cg, struct err *e)
{
	const struct systemd_scope *s = cg->scope;
	autofree char *slice = unit_slice_path(s->slice);
	autofree char *root = s->user ? user_root() : xstrdup("/");
	autofree char *below = path_join(slice, s->unit);
	autofree char *all = path_join(root, below);
	autofree char *clean = path_clean(all);

	if (s->user)
		learn_controllers(cg, root);
	return cgroup_add_tree(cg, "", CGROUP_ROOT, clean, e);
}

int systemd_plan(struct cgroup *cg, const struct runtime_spec *spec, const char *id, struct err *e)
{
	const char *path = spec->linux_ ? spec->linux_->cgroups_path : NULL;
	struct systemd_scope *s = cg->scope = xcalloc(1, sizeof(*s));
	struct unit_place place;
	int r = check_host(cg, e);

	if (r < 0)
		return r;
	s->user = cg->rootless;
	s->id = arena_strdup(&s->arena, id);
	s->annotated.arena = &s->arena;
	r = unit_place(path, id, s->user ? "user.slice" : "system.slice", &s->arena, &place, e);
	if (r < 0)
		return r;
	s->unit = place.scope;
	s->slice = arena_strdup(&s->arena, place.slice);
	r = props_add_annotations(&s->annotated, &spec->annotations, e);
	if (r == 0)
		r = plan_subgroup(s, spec, e);
	return r < 0 ? r : plan_tree(cg, e);
}

/* ---- requests ---- */

static struct request request(const struct cgroup *cg, enum request_verb verb)
{
	return (struct request){
		.verb = verb,
		.bus = cg->scope->user ? REQUEST_USER : REQUEST_SYSTEM,
		.timeout_ms = TIMEOUT_MS,
		.unit = cg->scope->unit,
	};
}

static int request_with(const struct cgroup *cg, enum request_verb verb, const struct props *p,
			struct err *e)
{
	struct request req = request(cg, verb);

	req.v = p->v;
	req.n = p->n;
	return systemd_run(&req, e);
}

/* systemd says where it put the process by where the process is. */
static int find_path(struct cgroup *cg, pid_t pid, struct err *e)
{
	autofree char *file = xasprintf("/proc/%d/cgroup", (int)pid);
	autofree char *text = NULL, *path = NULL;
	int r = file_read_at(AT_FDCWD, file, PROC_CGROUP_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	path = layout_path_of(text, "");
	if (!path || !path_is_absolute(path) || path_has_dotdot(path) ||
	    !streq(path_base(path), cg->scope->unit))
		return err_set(e, EIO, "systemd left process %d in cgroup '%s', not in '%s'",
			       (int)pid, path ? path : "", cg->scope->unit);
	free(cg->trees[0].path);
	cg->trees[0].path = steal_ptr(&path);
	cg->trees[0].kept = strlen(cg->trees[0].path);
	return 0;
}

int systemd_start(struct cgroup *cg, const struct limits *l, pid_t pid, struct err *e)
{
	const struct systemd_scope *s = cg->scope;
	auto_(arena) struct arena a = { 0 };
	struct props p = { .arena = &a };
	int r;

	props_add_scope(&p, s->id, s->slice, pid);
	props_add_limits(&p, l, NULL, true);
	/* Last: they were asked for by name. */
	props_copy(&p, &s->annotated);
	r = request_with(cg, REQUEST_START, &p, e);
	if (r < 0) {
		/* Of one that exists already nothing is ours; any other may be half made. */
		if (r == -ETIMEDOUT || r == -EIO)
			(void)systemd_stop(cg, NULL);
		return r;
	}
	r = find_path(cg, pid, e);
	if (r < 0)
		(void)systemd_stop(cg, NULL);
	return r;
}

int systemd_set(const struct cgroup *cg, const struct limits *l, const char *cpu_max, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct props p = { .arena = &a };

	props_add_limits(&p, l, cpu_max, false);
	return p.n > 0 ? request_with(cg, REQUEST_SET, &p, e) : 0;
}

int systemd_attach(const struct cgroup *cg, pid_t pid, struct err *e)
{
	const char *below = cg->scope->below ? cg->scope->below : "";
	auto_(strbuf) struct strbuf quoted = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct props p = { .arena = &a };

	gvariant_quote(&quoted, below);
	props_set(&p, "PIDs", arena_printf(&a, "@au [%d]", (int)pid));
	props_set(&p, "Subgroup", strbuf_str(&quoted));
	return request_with(cg, REQUEST_ATTACH, &p, e);
}

int systemd_stop(const struct cgroup *cg, struct err *e)
{
	struct request req = request(cg, REQUEST_STOP);

	return systemd_run(&req, e);
}
