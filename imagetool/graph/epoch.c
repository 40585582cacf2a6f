/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SOURCE_DATE_EPOCH: seconds, or the name of what has a time: "context", a named context, or a
 * stage that downloads one thing and does nothing else.  What has none leaves the build without.
 */
#include <errno.h>
#include <strings.h>

#include "imagetool/graph/internal.h"
#include "libutil/parse.h"

#define EPOCH "SOURCE_DATE_EPOCH"

/* ---- The download of a stage ---- */

struct source_stage {
	struct platform_build *pb;
	struct vars vars; /* what its words see */
	struct vertex found;
	bool has_found;
};

static const char *get(void *ctx, const char *name)
{
	const struct source_stage *s = ctx;

	return vars_get(&s->vars, name);
}

static int expand(struct source_stage *s, const char *word, const char **ret, struct err *e)
{
	const struct expand x = { .get = get, .ctx = s, .escape = s->pb->b->file->escape };
	auto_(strbuf) struct strbuf text = { .max = EXPAND_MAX };
	int r = expand_text(&x, word, &text, e);

	if (r >= 0)
		*ret = arena_strndup(s->pb->b->arena, strbuf_str(&text), text.len);
	return r;
}

static int take_args(struct source_stage *s, const struct instruction *i, struct err *e)
{
	for (size_t n = 0; n < i->n_pairs; n++) {
		const char *name = i->pairs[n].name;
		const char *value = vars_get(&s->pb->b->build_args, name);
		int r = value || !i->pairs[n].value ? 0 : expand(s, i->pairs[n].value, &value, e);

		if (r < 0)
			return r;
		if (value)
			vars_set(&s->vars, name, value);
	}
	return 0;
}

static int only_one(struct err *e)
{
	return err_set(e, EINVAL, EPOCH " stage must contain exactly one remote ADD");
}

static int check_words(const struct source_stage *s, const struct instruction *i, struct err *e)
{
	if (s->has_found)
		return only_one(e);
	if (i->n_words != 2 || i->n_heredocs)
		return err_set(e, EINVAL,
			       EPOCH " stage must contain exactly one remote ADD source");
	return 0;
}

static int take_add(struct source_stage *s, const struct instruction *i, struct err *e)
{
	struct arena *a = s->pb->b->arena;
	const char *url = NULL, *checksum = instruction_flag(i, "checksum");
	enum source_kind kind;
	struct vertex v = { .origin = i };
	bool keeps;
	int r = check_words(s, i, e);

	if (r >= 0)
		r = expand(s, i->words[0], &url, e);
	if (r >= 0 && checksum)
		r = expand(s, checksum, &checksum, e);
	if (r >= 0)
		r = source_kind_of(url, a, &kind, &v.u.git, &keeps, e);
	if (r < 0)
		return r;
	if (kind == SOURCE_PATH)
		return err_set(e, EINVAL,
			       EPOCH " stage source must be a single HTTP(S) or Git ADD");
	v.kind = kind == SOURCE_GIT ? VERTEX_GIT : VERTEX_HTTP;
	if (kind == SOURCE_HTTP) {
		v.u.http = (struct vertex_http){ url, url_file_name(url, a), checksum };
		r = checksum ? digest_check(checksum, e) : 0;
	} else if (checksum) {
		v.u.git.checksum = checksum;
	}
	s->found = v;
	s->has_found = true;
	return r;
}

static int take_one(struct source_stage *s, const struct instruction *i, struct err *e)
{
	if (i->kind == INSTRUCTION_ARG)
		return take_args(s, i, e);
	if (i->kind == INSTRUCTION_ADD)
		return take_add(s, i, e);
	return err_set(e, EINVAL,
		       EPOCH " stage does not meet source-only requirements: unsupported %s "
			     "instruction",
		       instruction_name(i->kind));
}

static int read_stage(struct source_stage *s, const struct stage *stage, struct err *e)
{
	int r = 0;

	if (stage->base != BASE_SCRATCH)
		return err_set(e, EINVAL, EPOCH " stage must use FROM scratch");
	s->vars.arena = s->pb->b->arena;
	vars_copy(&s->vars, &s->pb->globals);
	vars_set(&s->vars, EPOCH, NULL);
	for (size_t i = 0; i < stage->n && r >= 0; i++)
		r = take_one(s, &stage->items[i], e);
	return r >= 0 && !s->has_found ? only_one(e) : r;
}

/* ---- Whose time it is ---- */

static int ask(struct platform_build *pb, const struct vertex *v, int64_t *ret, struct err *e)
{
	const struct graph_calls *calls = pb->b->calls;

	return calls->source_time ? calls->source_time(calls->ctx, v, ret, e) : 0;
}

static int time_of_context(struct platform_build *pb, const struct graph_context *c,
			   const char *name, int64_t *ret, struct err *e)
{
	struct vertex v;
	int r;

	if (c->kind != GRAPH_CONTEXT_GIT && c->kind != GRAPH_CONTEXT_HTTP)
		return 0;
	r = root_describe(
		pb, c, name,
		arena_printf(pb->b->arena, "[internal] resolve " EPOCH " named context %s", name),
		&v, e);
	return r < 0 ? r : ask(pb, &v, ret, e);
}

static int time_of_stage(struct platform_build *pb, const struct stage *stage, int64_t *ret,
			 struct err *e)
{
	struct source_stage s = { .pb = pb };
	int r;

	pb->b->now = stage->from;
	r = read_stage(&s, stage, e);
	if (r < 0)
		return r;
	s.found.name = arena_printf(pb->b->arena, "[internal] resolve " EPOCH " source stage %s",
				    stage->name);
	s.found.platform = &pb->target;
	s.found.stage = "";
	r = ask(pb, &s.found, ret, e);
	if (r >= 0)
		pb->b->now = NULL;
	return r;
}

/* 1: *ret is it; 0: it has none. */
static int time_of(struct platform_build *pb, const char *text, int64_t *ret, struct err *e)
{
	struct graph_context c = { .kind = GRAPH_CONTEXT_NONE };
	int r;

	if (parse_i64(text, ret) == 0)
		return 1;
	if (streq(text, "context"))
		return ask(pb, NULL, ret, e);
	r = context_lookup(pb, text, &c, e);
	if (r < 0)
		return r;
	if (c.kind != GRAPH_CONTEXT_NONE)
		return time_of_context(pb, &c, text, ret, e);
	for (size_t i = 0; i < pb->stages.n; i++)
		if (*text && strcasecmp(pb->stages.items[i].name, text) == 0)
			return time_of_stage(pb, &pb->stages.items[i], ret, e);
	return err_set(e, EINVAL,
		       "invalid " EPOCH ": '%.80s' is no number of seconds, not \"context\", no "
		       "named context and no stage",
		       text);
}

/* ---- Said ---- */

/* Instructions see the seconds, however they were named. */
static void put_back(struct platform_build *pb)
{
	struct builder *b = pb->b;
	const char *text = b->vertices.epoch;

	if (vars_find(&b->build_args, EPOCH))
		vars_set(&b->build_args, EPOCH, text);
	if (vars_get(&pb->globals, EPOCH))
		vars_set(&pb->globals, EPOCH, text);
}

int epoch_find(struct platform_build *pb, struct err *e)
{
	struct builder *b = pb->b;
	const char *text = vars_get(&b->build_args, EPOCH);
	int r = 0;

	if (!vars_find(&b->build_args, EPOCH))
		text = vars_get(&pb->globals, EPOCH);
	if (text && *text && pb->first) {
		r = time_of(pb, text, &b->graph->epoch, e);
		if (r < 0)
			return r;
		b->graph->has_epoch = r > 0;
		if (r > 0)
			b->vertices.epoch =
				arena_printf(b->arena, "%lld", (long long)b->graph->epoch);
	}
	if (text)
		put_back(pb);
	return 0;
}
