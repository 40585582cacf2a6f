/* SPDX-License-Identifier: Apache-2.0 */
/* What steps are called where people watch a build: "[linux/arm64 build 2/5] RUN make". */
#include <ctype.h>

#include "imagetool/dockerfile/redact.h"
#include "imagetool/graph/internal.h"

static size_t digits(size_t n)
{
	size_t d = 1;

	for (; n >= 10; n /= 10)
		d++;
	return d;
}

/* Where a stage was given TARGET* arguments for another platform it builds for that one. */
static bool built_for(const struct stage_build *s, struct platform *ret)
{
	const char *all = vars_get(&s->env, "TARGETPLATFORM");
	const char *os = vars_get(&s->env, "TARGETOS"), *arch = vars_get(&s->env, "TARGETARCH");
	autofree char *text = NULL;

	if (all)
		return platform_parse(all, ret, NULL) >= 0;
	if (!os && !arch)
		return false;
	text = xasprintf("%s/%s", os ? os : s->platform->os, arch ? arch : s->platform->arch);
	return platform_parse(text, ret, NULL) >= 0;
}

static void add_platform(struct strbuf *out, const struct stage_build *s)
{
	char text[PLATFORM_TEXT_SIZE];
	struct platform other;

	strbuf_adds(out, platform_text(s->platform, text));
	if (!built_for(s, &other))
		return;
	if (!streq(other.os, s->platform->os))
		strbuf_addf(out, "->%s", platform_text(&other, text));
	else if (!streq(other.arch, s->platform->arch))
		strbuf_addf(out, "->%s%s%s", other.arch, *other.variant ? "/" : "", other.variant);
}

static void add_prefix(struct strbuf *out, const struct platform_build *pb, struct stage_build *s,
		       bool with_target)
{
	char text[PLATFORM_TEXT_SIZE];

	strbuf_addc(out, '[');
	if (pb->b->graph->multi_platform) {
		if (with_target)
			add_platform(out, s);
		else
			strbuf_adds(out, platform_text(s->platform, text));
		strbuf_addc(out, ' ');
	}
	if (*s->label)
		strbuf_addf(out, "%s ", s->label);
	s->step++;
	strbuf_addf(out, "%*zu/%zu] ", (int)digits(s->n_steps), s->step, s->n_steps);
	if (s->in_trigger)
		strbuf_adds(out, "ONBUILD ");
}

const char *from_name(struct platform_build *pb, struct stage_build *s, const char *reference)
{
	auto_(strbuf) struct strbuf out = { 0 };

	add_prefix(&out, pb, s, false);
	strbuf_addf(&out, "FROM %s", reference);
	return arena_strdup(pb->b->arena, strbuf_str(&out));
}

/* A RUN's variables are the shell's: those that are known are shown with their values, everything
 * else stays as it is. */
static void add_line(struct strbuf *out, struct platform_build *pb, struct stage_build *s,
		     const struct instruction *i)
{
	auto_(strbuf) struct strbuf line = { .max = EXPAND_MAX };
	bool run = i->kind == INSTRUCTION_RUN;
	struct stage_words w;
	size_t keyword = 0;
	const char *text;

	words_begin(&w, pb, s, i);
	w.x.unset = NULL;
	w.x.show_quotes = w.x.keep_unset = run;
	text = expand_text(&w.x, i->line, &line, NULL) >= 0 ? strbuf_str(&line) : i->line;
	for (; text[keyword] && text[keyword] != ' '; keyword++)
		strbuf_addc(out, (char)toupper((unsigned char)text[keyword]));
	if (i->kind == INSTRUCTION_ADD)
		redact_text(out, text + keyword);
	else
		strbuf_adds(out, text + keyword);
}

const char *step_name(struct platform_build *pb, struct stage_build *s, const struct instruction *i,
		      const char *suffix)
{
	auto_(strbuf) struct strbuf out = { .max = 2 * EXPAND_MAX };

	add_prefix(&out, pb, s, true);
	add_line(&out, pb, s, i);
	strbuf_adds(&out, suffix);
	return arena_strdup(pb->b->arena, strbuf_str(&out));
}
