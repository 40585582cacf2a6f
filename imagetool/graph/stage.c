/* SPDX-License-Identifier: Apache-2.0 */
/* One stage: what it begins with, then its base's triggers and its instructions in order. */
#include <errno.h>

#include "imagetool/graph/internal.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int stage_memory_check(const struct platform_build *pb, struct err *e)
{
	if (pb->b->arena->used > GRAPH_MEMORY_MAX)
		return err_set(e, E2BIG,
			       "the build's description takes more than %zu MiB of memory",
			       GRAPH_MEMORY_MAX >> 20);
	return 0;
}

/* The image's variables go before arguments that came with the base. */
static void take_environment(struct stage_build *s)
{
	if (!vars_find(&s->image_env, "PATH"))
		vars_set(&s->image_env, "PATH", PATH_DEFAULT);
	vars_copy(&s->env, &s->image_env);
}

static bool is_step(const struct instruction *i)
{
	return i->kind == INSTRUCTION_ADD || i->kind == INSTRUCTION_COPY ||
	       i->kind == INSTRUCTION_RUN || i->kind == INSTRUCTION_WORKDIR;
}

static void count_steps(struct stage_build *s)
{
	const struct stage *t = s->stage;

	s->n_steps = t->base == BASE_IMAGE;
	for (size_t i = 0; i < t->n; i++)
		s->n_steps += is_step(&t->items[i]);
}

static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && memcmp(list, name, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static bool is_no_cache(const struct builder *b, const struct stage_build *s)
{
	const struct graph_options *o = b->opts;

	for (size_t i = 0; i < o->n_no_cache_filter; i++)
		if (is_listed(o->no_cache_filter[i], s->stage->name))
			return true;
	return o->no_cache && o->n_no_cache_filter == 0;
}

/* BUILDKIT_SBOM_SCAN_*: true, false or names of stages; the stage's own ARG counts first. */
static bool is_scanned(const struct platform_build *pb, const struct stage_build *s,
		       const char *name)
{
	const struct var *own = vars_find(&s->args, name);
	const char *value = own && own->value ? own->value : vars_get(&pb->globals, name);
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };

	for (size_t i = 0; value && i < ARRAY_LEN(yes); i++)
		if (streq(value, yes[i]))
			return true;
	return value && is_listed(value, s->label);
}

static int run_instructions(struct platform_build *pb, struct stage_build *s, struct err *e)
{
	int r = 0;

	s->in_trigger = true;
	for (size_t i = 0; i < s->n_triggers && r >= 0; i++)
		r = dispatch(pb, s, &s->triggers[i], e);
	s->in_trigger = false;
	for (size_t i = 0; i < s->stage->n && r >= 0; i++)
		r = dispatch(pb, s, &s->stage->items[i], e);
	return r;
}

static int make(struct platform_build *pb, struct stage_build *s, struct err *e)
{
	struct builder *b = pb->b;
	int r;

	b->now = s->stage->from;
	s->vertex = NO_VERTEX;
	s->env.arena = s->args.arena = b->arena;
	s->no_cache = is_no_cache(b, s);
	count_steps(s);
	r = base_begin(pb, s, e);
	if (r < 0 || s->replaced)
		return r;
	s->n_steps += s->n_triggers;
	lists_begin(s, b->arena);
	take_environment(s);
	r = run_instructions(pb, s, e);
	lists_end(s);
	s->scan_context = is_scanned(pb, s, "BUILDKIT_SBOM_SCAN_CONTEXT");
	s->scan_stage = is_scanned(pb, s, "BUILDKIT_SBOM_SCAN_STAGE");
	return r;
}

/* Only earlier stages are asked for: the recursion ends. */
int stage_make(struct platform_build *pb, size_t stage, struct err *e)
{
	struct stage_build *s = &pb->builds[stage];
	const struct instruction *now = pb->b->now;
	int r;

	if (s->done)
		return 0;
	r = make(pb, s, e);
	if (r < 0)
		return r;
	s->done = true;
	pb->b->now = now;
	return 0;
}
