/* SPDX-License-Identifier: Apache-2.0 */
/* What a stage begins with: scratch, a stage, an image, or what --build-context put in the place of
 * one of them. */
#include <errno.h>
#include <strings.h>

#include "imagetool/graph/internal.h"

/* ---- Contexts by name ---- */

int context_lookup(struct platform_build *pb, const char *name, struct graph_context *ret,
		   struct err *e)
{
	const struct graph_calls *calls = pb->b->calls;

	*ret = (struct graph_context){ .kind = GRAPH_CONTEXT_NONE };
	if (!calls->context || !*name || strcasecmp(name, "scratch") == 0 ||
	    strcasecmp(name, "context") == 0)
		return 0;
	return calls->context(calls->ctx, name, ret, e);
}

static int context_image(struct platform_build *pb, const struct platform *platform,
			 const struct graph_context *c, const struct known_image **ret,
			 struct err *e)
{
	struct vertex_image want = { .platform = *platform, .layout = c->layout };
	int r = 0;

	if (c->kind == GRAPH_CONTEXT_LAYOUT)
		want.reference = c->value;
	else
		r = image_full_name(pb->b, c->value, &want.reference, e);
	return r < 0 ? r : image_lookup(pb->b, &want, ret, e);
}

/* ---- Configs ---- */

/* Members that builds know; what else came with the image was about how that was made. */
static void take_config(struct platform_build *pb, struct stage_build *s,
			const struct image_config *from)
{
	static const struct image_run_config nothing;
	const struct image_run_config *run = from->config ? from->config : &nothing;
	struct image_run_config *kept = arena_alloc(pb->b->arena, 1, sizeof(*kept));
	const struct image_history *h = from->history.items;

	*kept = (struct image_run_config){
		.user = run->user,
		.exposed_ports = run->exposed_ports,
		.env = run->env,
		.entrypoint = run->entrypoint,
		.cmd = run->cmd,
		.volumes = run->volumes,
		.working_dir = run->working_dir,
		.labels = run->labels,
		.stop_signal = run->stop_signal,
		.args_escaped = run->args_escaped,
		.healthcheck = run->healthcheck,
		.on_build = run->on_build,
		.shell = run->shell,
	};
	s->config = (struct image_config){
		.author = from->author,
		.architecture = from->architecture,
		.os = from->os,
		.os_version = from->os_version,
		.variant = from->variant,
		.os_features = from->os_features,
		.config = kept,
	};
	for (size_t i = 0; i < from->history.n; i++)
		history_take(pb, s, &h[i], NO_VERTEX);
	s->n_base_history = s->n_history;
}

static void empty_config(struct platform_build *pb, struct stage_build *s,
			 const struct platform *platform)
{
	const struct image_run_config run = { .working_dir = "/" };
	struct image_run_config *copy = arena_alloc(pb->b->arena, 1, sizeof(*copy));

	*copy = run;
	s->config = (struct image_config){
		.architecture = arena_strdup(pb->b->arena, platform->arch),
		.os = arena_strdup(pb->b->arena, platform->os),
		.variant =
			*platform->variant ? arena_strdup(pb->b->arena, platform->variant) : NULL,
		.config = copy,
	};
}

/* All a stage hands on: its tree, config and history, its variables and arguments. */
static int inherit(struct platform_build *pb, struct stage_build *s, size_t base, struct err *e)
{
	const struct stage_build *from = &pb->builds[base];
	int r = stage_make(pb, base, e);

	if (r < 0)
		return r;
	s->vertex = from->vertex;
	s->platform = from->platform;
	s->config = from->config;
	s->history = from->history;
	s->n_history = from->n_history;
	s->n_base_history = from->n_base_history;
	s->workdir_set = from->workdir_set;
	vars_copy(&s->env, &from->env);
	vars_copy(&s->args, &from->args);
	return 0;
}

/* ---- The beginning of a stage ---- */

int base_begin_context(struct platform_build *pb, struct stage_build *s, const char *name,
		       const struct graph_context *c, struct err *e)
{
	const char *label = arena_printf(pb->b->arena, "[context %s] ", name);
	const struct known_image *known;
	ssize_t target;
	int r;

	if (c->kind == GRAPH_CONTEXT_TARGET) {
		target = stages_find(&pb->stages, c->value, pb->stages.n);
		if (target < 0)
			return err_set(e, ENOENT, "context %.80s: there is no stage %.80s", name,
				       c->value);
		return inherit(pb, s, (size_t)target, e);
	}
	if (c->kind == GRAPH_CONTEXT_IMAGE && streq(c->value, "scratch")) {
		empty_config(pb, s, s->platform);
		return 0;
	}
	if (c->kind != GRAPH_CONTEXT_IMAGE && c->kind != GRAPH_CONTEXT_LAYOUT) {
		empty_config(pb, s, s->platform);
		return root_plain(pb, c, name,
				  arena_printf(pb->b->arena, "%sload from client", label),
				  &s->vertex, e);
	}
	r = context_image(pb, s->platform, c, &known, e);
	if (r < 0)
		return r;
	take_config(pb, s, known->image.config);
	if (root_image_is_empty(known->image.config))
		return 0;
	return root_image(pb, s, known,
			  arena_printf(pb->b->arena, "%s%s", label,
				       c->kind == GRAPH_CONTEXT_IMAGE ? known->reference
								      : "OCI load from client"),
			  &s->vertex, e);
}

static void check_platform(struct platform_build *pb, const struct stage_build *s,
			   const struct image_config *c)
{
	const struct platform *p = s->platform;
	char want[PLATFORM_TEXT_SIZE];

	if (!c->os || !c->architecture || (streq(c->os, p->os) && streq(c->architecture, p->arch)))
		return;
	report(pb, CHECK_INVALID_BASE_IMAGE_PLATFORM, s->stage->from,
	       arena_printf(pb->b->arena,
			    "Base image %s was pulled with platform \"%s/%s%s%s\", expected \"%s\" "
			    "for current build",
			    s->stage->base_name, c->os, c->architecture, c->variant ? "/" : "",
			    c->variant ? c->variant : "", platform_text(p, want)));
}

static int begin_image(struct platform_build *pb, struct stage_build *s, struct err *e)
{
	struct vertex_image want = { .platform = *s->platform };
	const struct known_image *known;
	struct graph_context context;
	const char *name;
	int r = image_full_name(pb->b, s->stage->base_name, &want.reference, e);

	if (r < 0)
		return r;
	name = image_short_name(pb->b, want.reference);
	r = context_lookup(pb, name, &context, e);
	if (r >= 0 && context.kind != GRAPH_CONTEXT_NONE)
		return base_begin_context(pb, s, name, &context, e);
	if (r >= 0)
		r = image_lookup(pb->b, &want, &known, e);
	if (r < 0)
		return err_wrap(e, r, "%.120s", s->stage->base_name);
	take_config(pb, s, known->image.config);
	if (root_image_is_empty(known->image.config))
		return 0;
	check_platform(pb, s, known->image.config);
	return root_image(pb, s, known, from_name(pb, s, known->reference), &s->vertex, e);
}

/* The triggers the base kept: an image's are texts, a stage's were parsed with it. */
static int parse_triggers(struct platform_build *pb, struct stage_build *s, struct err *e)
{
	const struct oci_strings *kept = &s->config.config->on_build;
	struct instruction *all;

	if (kept->n > GRAPH_ONBUILD_MAX)
		return err_set(e, E2BIG, "the base image has more than %d ONBUILD triggers",
			       GRAPH_ONBUILD_MAX);
	all = arena_alloc(pb->b->arena, kept->n + 1, sizeof(*all));
	for (size_t i = 0; i < kept->n; i++) {
		const char *text = kept->items[i];
		struct dockerfile file;
		int r = dockerfile_parse(text, strlen(text), pb->b->arena, &file, e);

		if (r >= 0 && file.n != 1)
			r = err_set(e, EINVAL, "onbuild trigger should be a single expression");
		if (r < 0)
			return err_wrap(e, r, "ONBUILD '%.80s' of the base", text);
		all[i] = file.items[0];
		/* People see where it came to life. */
		all[i].first_line = s->stage->from->first_line;
		all[i].last_line = s->stage->from->last_line;
		if (all[i].kind == INSTRUCTION_FROM || all[i].kind == INSTRUCTION_ONBUILD ||
		    all[i].kind == INSTRUCTION_MAINTAINER)
			return err_set(e, EINVAL, "%s isn't allowed as an ONBUILD trigger",
				       instruction_name(all[i].kind));
	}
	s->triggers = all;
	s->n_triggers = kept->n;
	s->config.config->on_build = (struct oci_strings){ 0 };
	return 0;
}

static int take_platform(struct platform_build *pb, struct stage_build *s, struct err *e)
{
	const char *text = s->stage->platform;
	struct platform *p;
	int r;

	s->platform = &pb->target;
	if (!text || s->stage->base == BASE_SCRATCH)
		return 0;
	if (!*text)
		return err_set(e, EINVAL, "empty platform value from expression %.120s",
			       instruction_flag(s->stage->from, "platform"));
	p = arena_alloc(pb->b->arena, 1, sizeof(*p));
	r = platform_parse(text, p, e);
	if (r < 0)
		return err_wrap(e, r, "failed to parse platform %.80s", text);
	s->platform = p;
	return 0;
}

static int begin(struct platform_build *pb, struct stage_build *s, struct err *e)
{
	struct graph_context context = { .kind = GRAPH_CONTEXT_NONE };
	int r = take_platform(pb, s, e);

	if (r >= 0)
		r = context_lookup(pb, s->stage->name, &context, e);
	if (r < 0)
		return r;
	if (context.kind != GRAPH_CONTEXT_NONE) {
		s->replaced = true;
		return base_begin_context(pb, s, s->stage->name, &context, e);
	}
	switch (s->stage->base) {
	case BASE_SCRATCH:
		empty_config(pb, s, s->platform);
		return 0;
	case BASE_STAGE:
		return inherit(pb, s, s->stage->base_stage, e);
	case BASE_IMAGE:
		return begin_image(pb, s, e);
	}
	return 0;
}

const char *stage_label(const struct platform_build *pb, size_t stage)
{
	const struct stage *s = &pb->stages.items[stage];

	return *s->name ? s->name : arena_printf(pb->b->arena, "stage-%zu", stage);
}

int base_begin(struct platform_build *pb, struct stage_build *s, struct err *e)
{
	int r;

	if (s->begun)
		return err_set(e, ELOOP, "circular dependency detected on stage: %.80s",
			       stage_label(pb, s->number));
	s->begun = true;
	r = begin(pb, s, e);
	if (r < 0)
		return r;
	config_edit_begin(&s->edit, pb->b->arena, &s->config);
	return s->replaced ? 0 : parse_triggers(pb, s, e);
}
