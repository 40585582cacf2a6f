/* SPDX-License-Identifier: Apache-2.0 */
/* --call outline: what a target can be given: arguments, secrets, agents. */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/build/answer.h"
#include "imagetool/dockerfile/expand.h"
#include "imagetool/dockerfile/run_mount.h"

struct outline_item {
	const char *name, *value, *about;
	bool required;
	unsigned first_line, last_line;
	size_t place; /* as found, for those of one line */
};

struct outline_list {
	struct outline_item *items; /* in the arena */
	size_t n;
};

struct outline {
	struct build *build;
	const struct stages *stages;
	struct outline_list args, secrets, ssh;
};

static struct outline_item *find(const struct outline_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

static struct outline_item *add(struct outline_list *l, struct arena *a, const char *name,
				const struct instruction *at)
{
	struct outline_item *found = find(l, name);

	if (found)
		return found;
	l->items = arena_grow(a, l->items, l->n, l->n + 1, sizeof(*l->items));
	l->items[l->n] = (struct outline_item){ .name = name,
						.first_line = at->first_line,
						.last_line = at->last_line,
						.place = l->n };
	return &l->items[l->n++];
}

/* ---- Arguments ---- */

/* The ARG above the first FROM. */
static const struct instruction *global_arg(const struct outline *o, const char *name,
					    const struct instruction_pair **ret)
{
	const struct dockerfile *f = &o->build->file;
	const struct instruction *found = NULL;

	for (size_t i = 0; i < f->n && f->items[i].kind == INSTRUCTION_ARG; i++)
		for (size_t n = 0; n < f->items[i].n_pairs; n++) {
			if (!streq(f->items[i].pairs[n].name, name))
				continue;
			*ret = &f->items[i].pairs[n];
			found = &f->items[i];
		}
	return found;
}

static const char *global_value(const struct stages *s, const char *name)
{
	for (size_t i = s->n_args; i > 0; i--)
		if (streq(s->args[i - 1].name, name))
			return s->args[i - 1].value;
	return NULL;
}

static void add_arg(struct outline *o, const char *name, const char *value,
		    const struct instruction *at)
{
	struct arena *a = &o->build->arena;
	struct outline_item *item;

	if (find(&o->args, name))
		return;
	item = add(&o->args, a, name, at);
	item->value = value;
	item->about = answer_description(at->comment, name, a);
}

static void add_used(struct outline *o, const char *text);

/* One above all stages, and those that its default is made of. */
static void add_global(struct outline *o, const char *name)
{
	const struct instruction_pair *p = NULL;
	const struct instruction *at = global_arg(o, name, &p);

	if (!at || find(&o->args, name))
		return;
	add_arg(o, p->name, global_value(o->stages, name), at);
	if (p->value)
		add_used(o, p->value);
}

static const char *use_global(void *ctx, const char *name)
{
	struct outline *o = ctx;

	add_global(o, name);
	return global_value(o->stages, name);
}

static void add_used(struct outline *o, const char *text)
{
	struct expand x = { .get = use_global, .ctx = o, .escape = o->build->file.escape };
	auto_(strbuf) struct strbuf out = { .max = EXPAND_MAX };

	(void)expand_text(&x, text, &out, NULL);
}

static const char *known_value(void *ctx, const char *name)
{
	const struct outline *o = ctx;
	const struct outline_item *found = find(&o->args, name);

	return found ? found->value : NULL;
}

static const char *given_value(const struct outline *o, const char *name)
{
	const struct build_values *v = &o->build->values;

	for (size_t i = v->n_args; i > 0; i--)
		if (streq(v->args[i - 1].name, name))
			return v->args[i - 1].value;
	return NULL;
}

static const char *default_value(struct outline *o, const char *text)
{
	struct expand x = { .get = known_value, .ctx = o, .escape = o->build->file.escape };
	auto_(strbuf) struct strbuf out = { .max = EXPAND_MAX };

	if (expand_text(&x, text, &out, NULL) < 0)
		return text;
	return arena_strndup(&o->build->arena, strbuf_str(&out), out.len);
}

/* Without a value of its own it is the one above all stages, or comes by itself. */
static void add_stage_arg(struct outline *o, const struct instruction *i,
			  const struct instruction_pair *p)
{
	const char *given = given_value(o, p->name);

	if (given)
		add_arg(o, p->name, given, i);
	else if (p->value)
		add_arg(o, p->name, default_value(o, p->value), i);
	else if (global_value(o->stages, p->name))
		add_global(o, p->name);
	else if (!answer_platform_arg(o->build, p->name))
		add_arg(o, p->name, NULL, i);
}

static void add_from(struct outline *o, const struct instruction *from)
{
	const char *platform = instruction_flag(from, "platform");

	add_used(o, from->words[0]);
	if (platform)
		add_used(o, platform);
}

/* ---- What steps are shown ---- */

static int add_mount(struct outline *o, const struct instruction *i, const char *text,
		     struct err *e)
{
	struct arena *a = &o->build->arena;
	struct run_mount m;
	struct outline_item *item;
	int r = run_mount_parse(text, NULL, NULL, a, &m, e);

	if (r < 0 || (m.type != RUN_MOUNT_SECRET && m.type != RUN_MOUNT_SSH))
		return r;
	if (m.type == RUN_MOUNT_SSH)
		item = add(&o->ssh, a, *m.id ? m.id : "default", i);
	else
		item = add(&o->secrets, a, *m.id ? m.id : m.target, i);
	item->required |= m.required;
	return 0;
}

static int add_run(struct outline *o, const struct instruction *i, struct err *e)
{
	int r = 0;

	for (size_t n = 0; n < i->n_flags && r >= 0; n++)
		if (streq(i->flags[n].name, "mount") && i->flags[n].value)
			r = add_mount(o, i, i->flags[n].value, e);
	return r;
}

static int collect_stage(struct outline *o, const struct stage *stage, struct err *e)
{
	int r = 0;

	add_from(o, stage->from);
	for (size_t i = 0; i < stage->n && r >= 0; i++) {
		const struct instruction *at = &stage->items[i];

		if (at->kind == INSTRUCTION_RUN)
			r = add_run(o, at, e);
		for (size_t n = 0; at->kind == INSTRUCTION_ARG && n < at->n_pairs; n++)
			add_stage_arg(o, at, &at->pairs[n]);
	}
	return r;
}

static int by_line(const void *a, const void *b)
{
	const struct outline_item *x = a, *y = b;

	if (x->first_line != y->first_line)
		return x->first_line < y->first_line ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void sort(struct outline_list *l)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_line);
}

/* The target's own words go before those of what it is built on. */
static int collect(struct outline *o, size_t target, struct err *e)
{
	bool *needed = arena_alloc(&o->build->arena, o->stages->n, sizeof(bool));
	int r = collect_stage(o, &o->stages->items[target], e);

	stages_needed(o->stages, target, needed);
	for (size_t s = o->stages->n; s > 0 && r >= 0; s--)
		if (needed[s - 1] && s - 1 != target)
			r = collect_stage(o, &o->stages->items[s - 1], e);
	sort(&o->args);
	sort(&o->secrets);
	sort(&o->ssh);
	return r;
}

/* ---- Said ---- */

static void write_text(const struct outline *o, const struct stage *s, const char *about,
		       struct strbuf *out)
{
	struct answer_table args = { .gap = 3 }, secrets = { .gap = 3 }, ssh = { .gap = 3 };

	if (*s->name || *about) {
		strbuf_addf(out, "TARGET:%*s%s\n", *about ? 6 : 1, "",
			    *s->name ? s->name : "(default)");
		if (*about)
			strbuf_addf(out, "DESCRIPTION: %s\n", about);
		strbuf_addc(out, '\n');
	}
	answer_row(&args, "BUILD ARG", "VALUE", "DESCRIPTION");
	for (size_t i = 0; i < o->args.n; i++)
		answer_row(&args, o->args.items[i].name,
			   o->args.items[i].value ? o->args.items[i].value : "",
			   o->args.items[i].about);
	answer_row(&secrets, "SECRET", "REQUIRED", NULL);
	for (size_t i = 0; i < o->secrets.n; i++)
		answer_row(&secrets, o->secrets.items[i].name,
			   o->secrets.items[i].required ? "true" : "", NULL);
	answer_row(&ssh, "SSH", "REQUIRED", NULL);
	for (size_t i = 0; i < o->ssh.n; i++)
		answer_row(&ssh, o->ssh.items[i].name, o->ssh.items[i].required ? "true" : "",
			   NULL);
	answer_section_write(&args, out);
	answer_section_write(&secrets, out);
	answer_section_write(&ssh, out);
}

static void add_list(struct json_writer *w, const char *key, const struct outline_list *l)
{
	if (!l->n)
		return;
	json_key(w, key);
	json_array(w);
	for (size_t i = 0; i < l->n; i++) {
		const struct outline_item *item = &l->items[i];

		json_object(w);
		json_kv_string(w, "name", item->name);
		if (item->about && *item->about)
			json_kv_string(w, "description", item->about);
		if (item->value && *item->value)
			json_kv_string(w, "value", item->value);
		if (item->required)
			json_kv_bool(w, "required", true);
		answer_json_location(w, item->first_line, item->last_line);
		json_object_end(w);
	}
	json_array_end(w);
}

static void write_json(const struct outline *o, const struct stage *s, const char *about,
		       struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	json_object(&w);
	if (*s->name)
		json_kv_string(&w, "name", s->name);
	if (*about)
		json_kv_string(&w, "description", about);
	add_list(&w, "args", &o->args);
	add_list(&w, "secrets", &o->secrets);
	add_list(&w, "ssh", &o->ssh);
	answer_json_sources(o->build, &w);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

int answer_outline(struct build *b, const struct stages *s, struct strbuf *out, struct err *e)
{
	struct outline o = { .build = b, .stages = s };
	ssize_t target = stages_target(s, b->opts->target, e);
	const struct stage *stage;
	const char *about;
	int r = target < 0 ? (int)target : collect(&o, (size_t)target, e);

	if (r < 0)
		return r;
	stage = &s->items[target];
	about = answer_description(stage->from->comment, stage->name, &b->arena);
	if (b->opts->call_json)
		write_json(&o, stage, about, out);
	else
		write_text(&o, stage, about, out);
	return 0;
}
