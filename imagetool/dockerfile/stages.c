/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/stages.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "imagetool/dockerfile/expand.h"
#include "libutil/parse.h"

struct planner {
	const struct dockerfile *file;
	const struct stages_input *in;
	struct arena *arena;
	struct stages *stages;
	size_t cap, args_cap;
	const struct instruction *now;
};

/* ---- Arguments above the first FROM ---- */

static const char *global_value(void *ctx, const char *name)
{
	const struct planner *p = ctx;

	for (size_t i = p->stages->n_args; i-- > 0;)
		if (streq(p->stages->args[i].name, name))
			return p->stages->args[i].value;
	return p->in->platform_arg(p->in->ctx, name);
}

static void note_undefined(void *ctx, const char *name)
{
	const struct planner *p = ctx;

	if (p->in->undefined)
		p->in->undefined(p->in->ctx, p->now, name);
}

static int expand(struct planner *p, const char *text, bool tell, const char **ret, struct err *e)
{
	const struct expand x = { .get = global_value,
				  .unset = tell ? note_undefined : NULL,
				  .ctx = p,
				  .escape = p->file->escape };
	auto_(strbuf) struct strbuf out = { 0 };
	int r = expand_text(&x, text, &out, e);

	if (r >= 0)
		*ret = arena_strndup(p->arena, strbuf_str(&out), out.len);
	return r;
}

static int declare(struct planner *p, const struct instruction_pair *pair, struct err *e)
{
	struct stages *s = p->stages;
	struct global_arg arg = { .name = pair->name,
				  .value = p->in->build_arg(p->in->ctx, pair->name) };

	if (!arg.value && pair->value) {
		int r = expand(p, pair->value, false, &arg.value, e);

		if (r < 0)
			return r;
	}
	if (s->n_args == p->args_cap) {
		p->args_cap = p->args_cap ? 2 * p->args_cap : 8;
		s->args = arena_grow(p->arena, s->args, s->n_args, p->args_cap, sizeof(*s->args));
	}
	s->args[s->n_args++] = arg;
	return 0;
}

static int declare_all(struct planner *p, const struct instruction *i, struct err *e)
{
	int r = 0;

	if (i->kind != INSTRUCTION_ARG)
		return err_set(e, EINVAL,
			       "no build stage in current context: %s stands before the "
			       "first FROM",
			       instruction_name(i->kind));
	for (size_t n = 0; n < i->n_pairs && r >= 0; n++)
		r = declare(p, &i->pairs[n], e);
	return r;
}

/* ---- FROM ---- */

static bool is_stage_name(const char *name)
{
	if (!islower((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) &&
		    !strchr("-_.", *name))
			return false;
	return true;
}

static int take_name(struct planner *p, const struct instruction *from, struct stage *ret,
		     struct err *e)
{
	char *name;

	ret->name = "";
	if (from->n_words == 1)
		return 0;
	if (from->n_words != 3 || strcasecmp(from->words[1], "as") != 0)
		return err_set(e, EINVAL, "FROM requires either one or three arguments");
	name = arena_strdup(p->arena, from->words[2]);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (!is_stage_name(name))
		return err_set(e, EINVAL,
			       "invalid name for build stage: \"%.80s\", name can't start with a "
			       "number or contain symbols",
			       from->words[2]);
	ret->name = name;
	return 0;
}

/* A base is a stage by its name only: numbers are names of images. */
static void take_base(const struct planner *p, struct stage *ret)
{
	const struct stages *s = p->stages;

	ret->base = streq(ret->base_name, "scratch") ? BASE_SCRATCH : BASE_IMAGE;
	for (size_t i = s->n; i-- > 0;) {
		if (!*s->items[i].name || strcasecmp(s->items[i].name, ret->base_name) != 0)
			continue;
		ret->base = BASE_STAGE;
		ret->base_stage = i;
		return;
	}
}

static int begin_stage(struct planner *p, const struct instruction *from, struct err *e)
{
	const char *platform = instruction_flag(from, "platform");
	struct stages *s = p->stages;
	struct stage stage = { .from = from, .items = from + 1 };
	int r = take_name(p, from, &stage, e);

	if (r >= 0)
		r = expand(p, from->words[0], true, &stage.base_name, e);
	if (r >= 0 && platform)
		r = expand(p, platform, true, &stage.platform, e);
	if (r < 0)
		return r;
	if (!*stage.base_name)
		return err_set(e, EINVAL, "base name (%.80s) should not be blank", from->words[0]);
	if (s->n == STAGES_MAX)
		return err_set(e, E2BIG, "more than %d stages", STAGES_MAX);
	take_base(p, &stage);
	if (s->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 8;
		s->items = arena_grow(p->arena, s->items, s->n, p->cap, sizeof(*s->items));
	}
	s->items[s->n++] = stage;
	return 0;
}

static int take(struct planner *p, const struct instruction *i, struct err *e)
{
	struct stages *s = p->stages;

	if (i->kind == INSTRUCTION_FROM)
		return begin_stage(p, i, e);
	if (s->n == 0)
		return declare_all(p, i, e);
	s->items[s->n - 1].n++;
	return 0;
}

int stages_plan(const struct dockerfile *f, const struct stages_input *in, struct arena *a,
		struct stages *ret, struct err *e)
{
	struct planner p = { .file = f, .in = in, .arena = a, .stages = ret };

	*ret = (struct stages){ 0 };
	for (size_t i = 0; i < f->n; i++) {
		int r;

		p.now = &f->items[i];
		ret->failed_line = p.now->first_line;
		r = take(&p, p.now, e);
		if (r < 0)
			return r;
	}
	if (ret->n == 0)
		return err_set(e, EINVAL, "no build stage in current context: there is no FROM");
	ret->failed_line = 0;
	return 0;
}

/* ---- Who needs whom ---- */

ssize_t stages_find(const struct stages *s, const char *text, size_t before)
{
	uint32_t number;

	for (size_t i = before; i-- > 0;)
		if (*s->items[i].name && strcasecmp(s->items[i].name, text) == 0)
			return (ssize_t)i;
	if (parse_u32(text, &number) == 0 && number < before)
		return (ssize_t)number;
	return -1;
}

ssize_t stages_target(const struct stages *s, const char *target, struct err *e)
{
	auto_(strbuf) struct strbuf names = { .max = 200 };
	ssize_t found;

	if (!target || !*target)
		return (ssize_t)s->n - 1;
	found = stages_find(s, target, s->n);
	if (found >= 0)
		return found;
	for (size_t i = 0; i < s->n; i++)
		if (*s->items[i].name)
			strbuf_addf(&names, " %s", s->items[i].name);
	return err_set(e, ENOENT, "target stage \"%.80s\" could not be found; there %s%s", target,
		       names.len > 0 ? "are:" : "are no named ones", strbuf_str(&names));
}

/* The value of from= in "type=bind,from=x,source=y". */
static const char *mount_source(const char *mount, struct strbuf *ret)
{
	while (*mount) {
		size_t len = strcspn(mount, ",");

		if (len > 5 && strncasecmp(mount, "from=", 5) == 0) {
			strbuf_truncate(ret, 0);
			strbuf_add(ret, mount + 5, len - 5);
			return strbuf_str(ret);
		}
		mount += len + (mount[len] ? 1 : 0);
	}
	return NULL;
}

static void mark(const struct stages *s, size_t stage, bool *ret);

static void mark_named(const struct stages *s, const char *name, size_t before, bool *ret)
{
	ssize_t i = name ? stages_find(s, name, before) : -1;

	if (i >= 0)
		mark(s, (size_t)i, ret);
}

/* Earlier stages only: the recursion ends. */
static void mark(const struct stages *s, size_t stage, bool *ret)
{
	const struct stage *t = &s->items[stage];
	auto_(strbuf) struct strbuf text = { 0 };

	if (ret[stage])
		return;
	ret[stage] = true;
	if (t->base == BASE_STAGE)
		mark(s, t->base_stage, ret);
	for (size_t i = 0; i < t->n; i++) {
		/* A trigger fires in stages built on this one: who needs them needs this one, too.
		 */
		const struct instruction *c =
			t->items[i].trigger ? t->items[i].trigger : &t->items[i];

		if (c->kind == INSTRUCTION_COPY)
			mark_named(s, instruction_flag(c, "from"), stage, ret);
		for (size_t n = 0; n < c->n_flags; n++)
			if (c->kind == INSTRUCTION_RUN && streq(c->flags[n].name, "mount"))
				mark_named(s, mount_source(c->flags[n].value, &text), stage, ret);
	}
}

void stages_needed(const struct stages *s, size_t target, bool *ret)
{
	for (size_t i = 0; i < s->n; i++)
		ret[i] = false;
	mark(s, target, ret);
}
