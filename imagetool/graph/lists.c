/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of a stage's config while it is made: tables, so that an instruction more takes no
 * longer when there are many. They become the config's lists when the stage is done. */
#include <stdlib.h>

#include "imagetool/graph/internal.h"

static void take_set(struct vars *v, const struct oci_strings *from)
{
	for (size_t i = 0; i < from->n; i++)
		vars_set(v, from->items[i], "");
}

void lists_begin(struct stage_build *s, struct arena *a)
{
	const struct image_run_config *run = s->config.config;

	s->image_env.arena = s->labels.arena = s->ports.arena = s->volumes.arena = a;
	for (size_t i = 0; i < run->env.n; i++) {
		const char *equals = strchrnul(run->env.items[i], '=');
		size_t len = (size_t)(equals - run->env.items[i]);

		vars_set(&s->image_env, arena_strndup(a, run->env.items[i], len),
			 *equals ? equals + 1 : "");
	}
	for (size_t i = 0; i < run->labels.n; i++)
		vars_set(&s->labels, run->labels.items[i].key, run->labels.items[i].value);
	take_set(&s->ports, &run->exposed_ports);
	take_set(&s->volumes, &run->volumes);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct var *)a)->name, ((const struct var *)b)->name);
}

/* Its index is not looked at any more. */
static void sort(struct vars *v)
{
	if (v->n > 1)
		qsort(v->items, v->n, sizeof(*v->items), by_name);
}

static void give_set(struct vars *v, struct oci_strings *to)
{
	*to = (struct oci_strings){ 0 };
	if (!v->n)
		return;
	sort(v);
	to->items = arena_alloc(v->arena, v->n + 1, sizeof(*to->items));
	for (; to->n < v->n; to->n++)
		to->items[to->n] = v->items[to->n].name;
}

static void give_labels(struct vars *v, struct oci_strmap *to)
{
	sort(v);
	to->items = arena_alloc(v->arena, v->n, sizeof(*to->items));
	to->n = v->n;
	for (size_t i = 0; i < v->n; i++)
		to->items[i] = (struct oci_pair){ v->items[i].name, v->items[i].value };
}

void lists_end(struct stage_build *s)
{
	struct image_run_config *run = s->config.config;
	struct vars *env = &s->image_env;

	run->env.items = arena_alloc(env->arena, env->n + 1, sizeof(*run->env.items));
	run->env.n = env->n;
	for (size_t i = 0; i < env->n; i++)
		run->env.items[i] =
			arena_printf(env->arena, "%s=%s", env->items[i].name, env->items[i].value);
	give_labels(&s->labels, &run->labels);
	give_set(&s->ports, &run->exposed_ports);
	give_set(&s->volumes, &run->volumes);
}
