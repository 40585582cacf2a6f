/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction of a stage: what it does to the stage's tree, config and variables. */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/commit/ports.h"
#include "imagetool/graph/internal.h"
#include "libutil/path.h"

/* ---- Words that are texts of the config ---- */

/* `i` with what its words mean: quotes and variables are gone from it. */
struct plain {
	struct stage_words w;
	struct instruction i;
	struct arena *arena;
};

static int plain_text(struct plain *p, struct err *e)
{
	return words_expand(&p->w, p->i.text, &p->i.text, e);
}

/* All values mean what variables were before the instruction. */
static int plain_pairs(struct plain *p, struct err *e)
{
	struct instruction_pair *pairs = arena_alloc(p->arena, p->i.n_pairs, sizeof(*pairs));
	int r = 0;

	for (size_t n = 0; n < p->i.n_pairs && r >= 0; n++) {
		r = words_expand(&p->w, p->i.pairs[n].name, &pairs[n].name, e);
		if (r >= 0)
			r = words_expand(&p->w, p->i.pairs[n].value, &pairs[n].value, e);
	}
	p->i.pairs = pairs;
	return r;
}

static int plain_words(struct plain *p, struct err *e)
{
	const char **words = arena_alloc(p->arena, p->i.n_words, sizeof(*words));
	int r = 0;

	for (size_t n = 0; n < p->i.n_words && r >= 0; n++)
		r = words_expand(&p->w, p->i.words[n], &words[n], e);
	p->i.words = words;
	return r;
}

/* Here-documents belong to what is kept. */
static int plain_trigger(struct plain *p, struct err *e UNUSED)
{
	const struct instruction *t = p->i.trigger;
	auto_(strbuf) struct strbuf text = { .max = DOCKERFILE_MAX };

	strbuf_adds(&text, p->i.text);
	for (size_t n = 0; n < t->n_heredocs; n++)
		strbuf_addf(&text, "\n%s%s", t->heredocs[n].raw, t->heredocs[n].name);
	p->i.text = arena_strdup(p->arena, strbuf_str(&text));
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct port_list {
	const char **items;
	size_t n, cap;
};

static int add_ports(struct plain *p, const char *word, struct port_list *ports, struct err *e)
{
	const char *protocol;
	uint32_t first, last;
	int r = ports_parse(word, &first, &last, &protocol, e);
	size_t count = r < 0 ? 0 : last - first + 1;

	if (ports->n + count > ports->cap) {
		ports->cap = 2 * ports->cap + count;
		ports->items = arena_grow(p->arena, ports->items, ports->n, ports->cap,
					  sizeof(*ports->items));
	}
	for (size_t i = 0; i < count; i++)
		ports->items[ports->n++] = arena_printf(p->arena, "%zu/%s", first + i, protocol);
	return r;
}

static void check_word(const struct plain *p, const char *word)
{
	const struct platform_build *pb = p->w.pb;

	if (pb->b->checks && pb->first)
		check_port(pb->b->checks, p->w.i, word);
}

/* Ranges are written out, words in order as they were written. */
static int plain_ports(struct plain *p, struct err *e)
{
	autofree const char **sorted = xcalloc(p->i.n_words + 1, sizeof(*sorted));
	auto_(strv) struct strv words = { 0 };
	struct port_list ports = { 0 };
	struct expand x = p->w.x;
	int r = 0;

	/* BuildKit looks for no undefined variables here. */
	x.unset = NULL;
	if (p->i.n_words > 0)
		memcpy(sorted, p->i.words, p->i.n_words * sizeof(*sorted));
	qsort(sorted, p->i.n_words, sizeof(*sorted), by_text);
	for (size_t n = 0; n < p->i.n_words && r >= 0; n++)
		r = expand_words(&x, sorted[n], &words, e);
	for (size_t n = 0; n < words.n && r >= 0; n++) {
		check_word(p, words.v[n]);
		r = add_ports(p, words.v[n], &ports, e);
		if (r >= 0)
			r = stage_memory_check(p->w.pb, e);
	}
	p->i.words = ports.items;
	p->i.n_words = ports.n;
	return r;
}

typedef int plain_fn(struct plain *p, struct err *e);

static plain_fn *const plains[] = {
	[INSTRUCTION_ENV] = plain_pairs,       [INSTRUCTION_EXPOSE] = plain_ports,
	[INSTRUCTION_LABEL] = plain_pairs,     [INSTRUCTION_ONBUILD] = plain_trigger,
	[INSTRUCTION_STOPSIGNAL] = plain_text, [INSTRUCTION_USER] = plain_text,
	[INSTRUCTION_VOLUME] = plain_words,    [INSTRUCTION_WORKDIR] = plain_text,
};

/* ---- Instructions that change nothing but the config ---- */

static int set_pairs(struct vars *v, const struct instruction *i, struct err *e)
{
	for (size_t n = 0; n < i->n_pairs; n++) {
		if (!*i->pairs[n].name)
			return err_set(e, EINVAL, "%s: the name is empty",
				       instruction_name(i->kind));
		vars_set(v, i->pairs[n].name, i->pairs[n].value);
	}
	return 0;
}

static int set_words(struct vars *v, const struct instruction *i, struct err *e)
{
	for (size_t n = 0; n < i->n_words; n++) {
		if (!*i->words[n])
			return err_set(e, EINVAL, "%s: a path is empty", instruction_name(i->kind));
		vars_set(v, i->words[n], "");
	}
	return 0;
}

static int apply(struct stage_build *s, const struct plain *p, struct err *e)
{
	static const struct expand literal = { .literal = true };
	const struct instruction *i = &p->i;

	switch (i->kind) {
	case INSTRUCTION_ENV:
		return set_pairs(&s->image_env, i, e);
	case INSTRUCTION_LABEL:
		return set_pairs(&s->labels, i, e);
	case INSTRUCTION_EXPOSE:
		return set_words(&s->ports, i, e);
	case INSTRUCTION_VOLUME:
		return set_words(&s->volumes, i, e);
	default:
		return config_edit_apply(&s->edit, &p->i, &literal, e);
	}
}

static int plain_begin(struct plain *p, struct platform_build *pb, struct stage_build *s,
		       const struct instruction *i, struct err *e)
{
	plain_fn *fn = (size_t)i->kind < ARRAY_LEN(plains) ? plains[i->kind] : NULL;

	*p = (struct plain){ .i = *i, .arena = pb->b->arena };
	words_begin(&p->w, pb, s, i);
	return fn ? fn(p, e) : 0;
}

int dispatch_config(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		    struct err *e)
{
	struct plain p;
	int r = plain_begin(&p, pb, s, i, e);

	if (r >= 0)
		r = apply(s, &p, e);
	if (r < 0)
		return r;
	if (i->kind == INSTRUCTION_ENV)
		for (size_t n = 0; n < p.i.n_pairs; n++)
			vars_set(&s->env, p.i.pairs[n].name, p.i.pairs[n].value);
	/* As BuildKit has it, which has it from docker on Windows. */
	if (i->kind == INSTRUCTION_CMD)
		s->config.config->args_escaped = (struct opt_bool){ true, true };
	return i->kind == INSTRUCTION_ONBUILD ? 0 : history_config(pb, s, &p.i, e);
}

/* ---- ARG ---- */

/* These are for the build itself. */
static bool is_for_steps(const char *name)
{
	return !streq(name, "BUILDKIT_SBOM_SCAN_CONTEXT") &&
	       !streq(name, "BUILDKIT_SBOM_SCAN_STAGE");
}

/* --build-arg, else its default, else what the file's top or the platform says. */
static int arg_value(struct platform_build *pb, const struct stage_words *w,
		     const struct instruction_pair *arg, const char **ret, struct err *e)
{
	*ret = vars_get(&pb->b->build_args, arg->name);
	if (*ret)
		return 0;
	if (arg->value)
		return words_expand(w, arg->value, ret, e);
	*ret = vars_get(&pb->globals, arg->name);
	return 0;
}

int dispatch_arg(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		 struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = HISTORY_MAX };
	struct stage_words w;

	words_begin(&w, pb, s, i);
	strbuf_adds(&text, "ARG");
	for (size_t n = 0; n < i->n_pairs; n++) {
		const char *name = i->pairs[n].name, *value;
		int r = arg_value(pb, &w, &i->pairs[n], &value, e);

		if (r < 0)
			return r;
		vars_set(&s->args, name, value);
		if (value && is_for_steps(name))
			vars_set(&s->env, name, value);
		strbuf_addf(&text, " %s%s%s", name, value ? "=" : "", value ? value : "");
	}
	return history_add(pb, s, &text, NO_VERTEX, e);
}

/* ---- WORKDIR ---- */

static int make_directory(struct platform_build *pb, struct stage_build *s,
			  const struct instruction *i, struct err *e)
{
	const char *user = s->config.config->user;
	struct vertex v = {
		.kind = VERTEX_FILES,
		.u.files = {
			.base = s->vertex,
			.above = NO_VERTEX,
			.dest = s->config.config->working_dir,
			.dest_is_dir = true,
			.chown = user && *user ? user : NULL,
			.mkdir_only = true,
		},
		.name = step_name(pb, s, i, ""),
		.origin = i,
		.stage = s->label,
		.platform = s->platform,
	};

	return vertices_add(&pb->b->vertices, &v, &s->vertex, e);
}

int dispatch_workdir(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		     struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = HISTORY_MAX };
	struct plain p;
	const char *dir;
	int r = plain_begin(&p, pb, s, i, e);

	if (r < 0)
		return r;
	if (!s->workdir_set && !path_is_absolute(p.i.text))
		report(pb, CHECK_WORKDIR_RELATIVE_PATH, i,
		       arena_printf(pb->b->arena,
				    "Relative workdir \"%s\" can have unexpected results if the "
				    "base image changes",
				    p.i.text));
	s->workdir_set = true;
	r = apply(s, &p, e);
	if (r < 0)
		return r;
	dir = s->config.config->working_dir;
	if (!streq(dir, "/"))
		r = make_directory(pb, s, i, e);
	strbuf_addf(&text, "WORKDIR %s", dir);
	return r < 0 ? r : history_add(pb, s, &text, streq(dir, "/") ? NO_VERTEX : s->vertex, e);
}

/* ---- All ---- */

typedef int dispatch_fn(struct platform_build *pb, struct stage_build *s,
			const struct instruction *i, struct err *e);

static dispatch_fn *const dispatchers[] = {
	[INSTRUCTION_ADD] = dispatch_copy,          [INSTRUCTION_ARG] = dispatch_arg,
	[INSTRUCTION_CMD] = dispatch_config,        [INSTRUCTION_COPY] = dispatch_copy,
	[INSTRUCTION_ENTRYPOINT] = dispatch_config, [INSTRUCTION_ENV] = dispatch_config,
	[INSTRUCTION_EXPOSE] = dispatch_config,     [INSTRUCTION_HEALTHCHECK] = dispatch_config,
	[INSTRUCTION_LABEL] = dispatch_config,      [INSTRUCTION_MAINTAINER] = dispatch_config,
	[INSTRUCTION_ONBUILD] = dispatch_config,    [INSTRUCTION_RUN] = dispatch_run,
	[INSTRUCTION_SHELL] = dispatch_config,      [INSTRUCTION_STOPSIGNAL] = dispatch_config,
	[INSTRUCTION_USER] = dispatch_config,       [INSTRUCTION_VOLUME] = dispatch_config,
	[INSTRUCTION_WORKDIR] = dispatch_workdir,
};

int dispatch(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
	     struct err *e)
{
	int r = stage_memory_check(pb, e);

	pb->b->now = i;
	if (r >= 0 && pb->b->checks && pb->first)
		check_step(pb->b->checks, &s->checked, i, s->config.config->shell.n > 0);
	return r < 0 ? r : dispatchers[i->kind](pb, s, i, e);
}
