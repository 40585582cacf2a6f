/* SPDX-License-Identifier: Apache-2.0 */
/* The last lines of what a step printed. */
#include <stdio.h>

#include "imagetool/progress/internal.h"

void log_time(struct strbuf *out, double seconds)
{
	strbuf_addf(out, "%.*f", seconds < 10 ? 3 : seconds < 100 ? 2 : 1, seconds);
}

static struct strbuf *line_at(struct log_tail *t, int64_t i)
{
	return &t->lines[i % TAIL_LINES];
}

static void begin_line(struct log_tail *t, double seconds)
{
	struct strbuf *line = line_at(t, t->n++);

	strbuf_truncate(line, 0);
	log_time(line, seconds);
	strbuf_addc(line, ' ');
	t->open = true;
}

static void add_some(struct log_tail *t, const char *data, size_t len)
{
	struct strbuf *line = line_at(t, t->n - 1);
	size_t room = line->len < TAIL_LINE_MAX ? TAIL_LINE_MAX - line->len : 0;

	strbuf_add(line, data, len < room ? len : room);
}

void log_tail_add(struct log_tail *t, double seconds, const char *data, size_t len)
{
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t some = end ? (size_t)(end - data) : len;

		if (!t->open)
			begin_line(t, seconds);
		add_some(t, data, some);
		if (!end)
			return;
		t->open = false;
		data = end + 1;
		len -= some + 1;
	}
}

bool log_tail_line(const struct log_tail *t, size_t i, const char **ret, size_t *ret_len)
{
	int64_t have = t->n < TAIL_LINES ? t->n : TAIL_LINES;
	const struct strbuf *line;

	if ((int64_t)i >= have)
		return false;
	line = &t->lines[(t->n - have + (int64_t)i) % TAIL_LINES];
	*ret = strbuf_str(line);
	*ret_len = line->len;
	return true;
}

void log_tail_done(struct log_tail *t)
{
	for (size_t i = 0; i < TAIL_LINES; i++)
		strbuf_done(&t->lines[i]);
}
