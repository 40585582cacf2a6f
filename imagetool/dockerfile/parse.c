/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "imagetool/dockerfile/args.h"
#include "imagetool/dockerfile/directive.h"
#include "imagetool/dockerfile/heredoc.h"
#include "imagetool/dockerfile/words.h"

struct parser {
	struct line_reader reader;
	struct arena *arena;
	struct dockerfile *file;
	size_t cap, remarks_cap;
	bool in_trigger; /* behind ONBUILD */
};

/* ---- One instruction ---- */

static int unknown(const char *keyword, struct err *e)
{
	const char *best = instruction_suggest(keyword);

	return err_set(e, EINVAL, "unknown instruction: %.80s%s%s%s", keyword,
		       best ? " (did you mean " : "", best ? best : "", best ? "?)" : "");
}

static int parse_instruction(struct parser *p, const char *text, struct instruction *i,
			     struct err *e);

/* What an ONBUILD keeps for later; it may not keep everything. */
static int parse_trigger(struct parser *p, struct instruction *i, struct err *e)
{
	struct instruction *t = arena_alloc(p->arena, 1, sizeof(*t));
	int r;

	if (p->in_trigger)
		return err_set(e, EINVAL, "chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	if (!*i->text)
		return err_set(e, EINVAL, "ONBUILD requires at least one argument");
	t->first_line = i->first_line;
	t->last_line = i->last_line;
	t->source = i->text;
	t->comment = "";
	i->trigger = t;
	p->in_trigger = true;
	r = parse_instruction(p, i->text, t, e);
	p->in_trigger = false;
	if (r < 0)
		return r;
	if (t->kind == INSTRUCTION_FROM || t->kind == INSTRUCTION_MAINTAINER)
		return err_set(e, EINVAL, "%s isn't allowed as an ONBUILD trigger",
			       instruction_name(t->kind));
	i->last_line = t->last_line;
	return 0;
}

static int parse_instruction(struct parser *p, const char *text, struct instruction *i,
			     struct err *e)
{
	const struct instruction_row *row;
	const char *end = text, *rest;
	struct span trimmed;
	int r;

	while (*end && !is_blank(*end))
		end++;
	i->keyword = arena_strndup(p->arena, text, (size_t)(end - text));
	trimmed = span_trim((struct span){ text, strlen(text) });
	i->line = arena_strndup(p->arena, trimmed.p, trimmed.len);
	row = instruction_find(text, (size_t)(end - text), &i->kind);
	if (!row)
		return unknown(i->keyword, e);
	for (rest = end; is_blank(*rest);)
		rest++;
	r = flags_take(&rest, row->flags, p->arena, i, e);
	if (r < 0)
		return r;
	trimmed = span_trim((struct span){ rest, strlen(rest) });
	i->text = arena_strndup(p->arena, trimmed.p, trimmed.len);
	if (row->form == FORM_TRIGGER)
		return parse_trigger(p, i, e);
	r = args_parse(i, p->reader.escape, p->arena, e);
	return r >= 0 && row->heredocs ? heredocs_read(i, &p->reader, p->arena, e) : r;
}

/* ---- The file ---- */

static void remark(struct parser *p, enum dockerfile_remark_kind kind, const struct instruction *i)
{
	struct dockerfile *f = p->file;

	if (f->n_remarks == p->remarks_cap) {
		p->remarks_cap = p->remarks_cap ? 2 * p->remarks_cap : 4;
		f->remarks = arena_grow(p->arena, f->remarks, f->n_remarks, p->remarks_cap,
					sizeof(*f->remarks));
	}
	f->remarks[f->n_remarks++] =
		(struct dockerfile_remark){ kind, i->first_line, i->last_line };
}

/* Room for one more; it counts when f->n says so. */
static struct instruction *next_slot(struct parser *p)
{
	struct dockerfile *f = p->file;

	if (f->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 32;
		f->items = arena_grow(p->arena, f->items, f->n, p->cap, sizeof(*f->items));
	}
	return &f->items[f->n];
}

static int take(struct parser *p, const struct logical_line *l, struct err *e)
{
	struct span text = { strbuf_str(&l->text), l->text.len };
	struct instruction *i = next_slot(p);
	int r;

	if (p->file->n == DOCKERFILE_INSTRUCTIONS_MAX)
		return err_set(e, E2BIG, "the file has more than %d instructions",
			       DOCKERFILE_INSTRUCTIONS_MAX);
	i->first_line = l->first_line;
	i->last_line = l->last_line;
	i->comment = arena_strdup(p->arena, strbuf_str(&l->comment));
	r = parse_instruction(p, span_trim_left(text).p, i, e);
	if (r < 0) {
		p->file->failed_line = l->first_line;
		return r;
	}
	i->source = arena_strndup(p->arena, p->reader.text + l->begin, p->reader.at - l->begin);
	if (l->empty_continuation)
		remark(p, REMARK_EMPTY_CONTINUATION, i);
	p->file->n++;
	return 0;
}

static int parse_all(struct parser *p, struct err *e)
{
	int r = directives_read(&p->reader, p->arena, p->file, e);

	while (r >= 0) {
		auto_(logical_line) struct logical_line l = { .text.max = DOCKERFILE_MAX };

		r = logical_next(&p->reader, &l, e);
		if (r == 0)
			break;
		if (r > 0)
			r = take(p, &l, e);
	}
	if (r < 0)
		return r;
	if (p->file->n == 0)
		return err_set(e, EINVAL, "file with no instructions");
	return 0;
}

int dockerfile_parse(const char *text, size_t len, struct arena *a, struct dockerfile *ret,
		     struct err *e)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct parser p = { .arena = a, .file = ret };

	*ret = (struct dockerfile){ .escape = '\\' };
	if (len > DOCKERFILE_MAX)
		return err_set(e, EFBIG, "the file is larger than %zu bytes", DOCKERFILE_MAX);
	if (memchr(text, '\0', len))
		return err_set(e, EINVAL, "the file holds a NUL byte: it is no text");
	if (len >= 3 && memcmp(text, bom, 3) == 0) {
		text += 3;
		len -= 3;
	}
	p.reader = (struct line_reader){ .text = text, .len = len, .escape = '\\' };
	return parse_all(&p, e);
}
