/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/lines.h"

#include <errno.h>

void logical_line_done(struct logical_line *l)
{
	strbuf_done(&l->text);
	strbuf_done(&l->comment);
}

bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span span_trim_left(struct span s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	return s;
}

struct span span_trim(struct span s)
{
	s = span_trim_left(s);
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool span_is_comment(struct span s)
{
	s = span_trim_left(s);
	return s.len > 0 && s.p[0] == '#';
}

bool line_next(struct line_reader *r, struct span *ret)
{
	const char *begin = r->text + r->at, *end;

	if (r->at >= r->len)
		return false;
	end = memchr(begin, '\n', r->len - r->at);
	*ret = (struct span){ begin, end ? (size_t)(end - begin) : r->len - r->at };
	r->at += ret->len + (end ? 1 : 0);
	r->line++;
	if (end && ret->len > 0 && begin[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

/* Cut a line's continuation away, blanks behind it too; false when the line ends here.  An escaped
 * escape character continues nothing. */
static bool cut_continuation(struct span *s, char escape)
{
	size_t n = s->len;

	while (n > 0 && (s->p[n - 1] == ' ' || s->p[n - 1] == '\t'))
		n--;
	if (n == 0 || s->p[n - 1] != escape || (n > 1 && s->p[n - 2] == escape))
		return false;
	s->len = n - 1;
	return true;
}

static void note_comment(struct logical_line *l, struct span s)
{
	s = span_trim_left(s);
	s.p++;
	s.len--;
	s = span_trim(s);
	if (l->comment.len > 0)
		strbuf_addc(&l->comment, '\n');
	strbuf_add(&l->comment, s.p, s.len);
}

/* Lines that continue the one before; comments between them count for nothing. */
static void join(struct line_reader *r, struct logical_line *l)
{
	bool more = true;
	struct span s;

	while (more && line_next(r, &s)) {
		l->last_line = r->line;
		l->end = r->at;
		if (span_is_comment(s))
			continue;
		if (span_trim(s).len == 0) {
			l->empty_continuation = true;
			continue;
		}
		more = cut_continuation(&s, r->escape);
		strbuf_add(&l->text, s.p, s.len);
	}
}

int logical_next(struct line_reader *r, struct logical_line *l, struct err *e)
{
	struct span s;

	for (;;) {
		bool more;

		l->begin = r->at;
		if (!line_next(r, &s))
			return 0;
		l->first_line = l->last_line = r->line;
		l->end = r->at;
		if (span_is_comment(s)) {
			note_comment(l, s);
			continue;
		}
		s = span_trim_left(s);
		more = cut_continuation(&s, r->escape);
		if (s.len == 0 && !more) {
			strbuf_truncate(&l->comment, 0);
			continue;
		}
		strbuf_add(&l->text, s.p, s.len);
		if (more)
			join(r, l);
		if (span_trim((struct span){ strbuf_str(&l->text), l->text.len }).len > 0)
			return strbuf_check(&l->text, "an instruction", e) < 0 ? -EMSGSIZE : 1;
		strbuf_truncate(&l->text, 0);
	}
}
