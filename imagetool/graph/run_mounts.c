/* SPDX-License-Identifier: Apache-2.0 */
/* RUN --mount: values expanded, trees found, places made absolute. */
#include <errno.h>

#include "imagetool/graph/internal.h"
#include "libutil/path.h"

static int expand(void *ctx, const char *value, const char **ret, struct err *e)
{
	return words_expand(ctx, value, ret, e);
}

static const char *below_root(struct arena *a, const char *path)
{
	autofree char *joined = path_join("/", path), *clean = path_clean(joined);

	return arena_strdup(a, clean);
}

static int place(struct arena *a, const char *cwd, struct run_mount *m, struct err *e)
{
	autofree char *joined = path_is_absolute(m->target) ? NULL : path_join(cwd, m->target);

	m->target = below_root(a, joined ? joined : m->target);
	return streq(m->target, "/") ? err_set(e, EINVAL, "invalid mount target \"/\"") : 0;
}

/* A secret is known by its source too, which says the same as its id. */
static int finish_secret(struct arena *a, const char *cwd, struct run_mount *m, struct err *e)
{
	if (*m->source)
		m->id = m->source;
	if (!*m->id)
		m->id = path_base(m->target);
	if (!*m->target && *m->env)
		return 0;
	if (!*m->target)
		m->target = arena_printf(a, "/run/secrets/%s", path_base(m->id));
	return place(a, cwd, m, e);
}

static int finish_cache(struct platform_build *pb, struct run_mount *m)
{
	const char *space = vars_get(&pb->b->build_args, "BUILDKIT_CACHE_MOUNT_NS");
	autofree char *clean = path_clean(m->target);

	m->id = arena_printf(pb->b->arena, "%s/%s", space ? space : "", *m->id ? m->id : clean);
	return 0;
}

/* Where it takes from. */
static int find_tree(struct platform_build *pb, struct stage_build *s, struct run_mount_at *at,
		     struct err *e)
{
	const struct run_mount *m = &at->m;

	at->from = NO_VERTEX;
	if (*m->from)
		return base_source(pb, s, m->from, false, &at->from, e);
	return m->type == RUN_MOUNT_BIND ? main_context(pb, &at->from, e) : 0;
}

static int finish(struct platform_build *pb, struct stage_build *s, const char *cwd,
		  struct run_mount_at *at, struct err *e)
{
	struct arena *a = pb->b->arena;
	struct run_mount *m = &at->m;
	int r = 0;

	at->from = NO_VERTEX;
	if (m->type == RUN_MOUNT_SECRET)
		return finish_secret(a, cwd, m, e);
	if (m->type == RUN_MOUNT_SSH) {
		if (!*m->id)
			m->id = "default";
		return *m->target ? place(a, cwd, m, e) : 0;
	}
	if (m->type == RUN_MOUNT_CACHE)
		r = finish_cache(pb, m);
	m->source = below_root(a, m->source);
	if (r >= 0)
		r = place(a, cwd, m, e);
	return r < 0 ? r : find_tree(pb, s, at, e);
}

int run_mounts(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
	       struct vertex_run *run, struct err *e)
{
	struct stage_words w;
	int r = 0;

	words_begin(&w, pb, s, i);
	run->mounts = arena_alloc(pb->b->arena, i->n_flags + 1, sizeof(*run->mounts));
	for (size_t n = 0; n < i->n_flags && r >= 0; n++) {
		struct run_mount_at *at = &run->mounts[run->n_mounts];

		if (!streq(i->flags[n].name, "mount"))
			continue;
		r = run_mount_parse(i->flags[n].value, expand, &w, pb->b->arena, &at->m, e);
		if (r >= 0)
			r = finish(pb, s, run->cwd, at, e);
		if (r < 0)
			return err_wrap(e, r, "--mount=%.120s", i->flags[n].value);
		run->n_mounts++;
	}
	return r;
}
