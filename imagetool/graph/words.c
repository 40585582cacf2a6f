/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/graph/internal.h"

#include "libutil/suggest.h"

static const char *get(void *ctx, const char *name)
{
	const struct stage_words *w = ctx;

	return vars_get(&w->s->env, name);
}

/* The same can be found for each platform and for each stage that runs a trigger. */
static bool is_known(const struct checks *c, enum check_rule rule, const struct instruction *i,
		     const char *message)
{
	for (size_t n = 0; n < c->n; n++)
		if (c->items[n].rule == rule && c->items[n].first_line == i->first_line &&
		    streq(c->items[n].message, message))
			return true;
	return false;
}

void report(struct platform_build *pb, enum check_rule rule, const struct instruction *i,
	    const char *message)
{
	struct checks *c = pb->b->checks;

	if (c && c->n < CHECK_FINDINGS_MAX && !is_known(c, rule, i, message))
		check_report(c, rule, i, "%s", message);
}

/* What was declared without a value is empty, not unknown. */
static void unset(void *ctx, const char *name)
{
	const struct stage_words *w = ctx;
	struct suggest near = { .typed = name };

	if (vars_find(&w->s->args, name) || !w->pb->b->checks ||
	    w->pb->b->checks->n >= CHECK_FINDINGS_MAX)
		return;
	for (size_t i = 0; i < w->s->env.n; i++)
		suggest_try(&near, w->s->env.items[i].name);
	report(w->pb, CHECK_UNDEFINED_VAR, w->i,
	       arena_printf(w->pb->b->arena, "Usage of undefined variable '$%s'%s%s%s", name,
			    near.best ? " (did you mean $" : "", near.best ? near.best : "",
			    near.best ? "?)" : ""));
}

void words_begin(struct stage_words *w, struct platform_build *pb, struct stage_build *s,
		 const struct instruction *i)
{
	*w = (struct stage_words){ .pb = pb, .s = s, .i = i };
	w->x = (struct expand){
		.get = get, .unset = unset, .ctx = w, .escape = pb->b->file->escape
	};
}

int words_expand(const struct stage_words *w, const char *word, const char **ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = EXPAND_MAX };
	int r;

	/* Most words hold nothing special. */
	if (!strpbrk(word, "$'\"") && !strchr(word, w->x.escape)) {
		*ret = word;
		return 0;
	}
	r = expand_text(&w->x, word, &text, e);
	if (r < 0)
		return err_wrap(e, r, "failed to process \"%.120s\"", word);
	r = stage_memory_check(w->pb, e);
	if (r < 0)
		return r;
	*ret = arena_strndup(w->pb->b->arena, strbuf_str(&text), text.len);
	return 0;
}
