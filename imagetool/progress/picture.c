/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a terminal shows of a build:
 *
 *     [+] Building 1.2s (5/9)
 *      => CACHED [build 1/5] FROM docker.io/library/alpine                0.0s
 *      => [build 2/5] RUN make                                            1.1s
 *      => => # cc -c main.c
 *
 * Pure.  No text of a build gets here with control characters in it, and no line is longer than
 * the terminal is wide, or the picture would not be drawn over itself.
 */
#include "imagetool/progress/internal.h"

#define NAME_MIN 12

/* The member of a struct colours, as a place in it. */
#define COLOUR(member) offsetof(struct colours, member)
#define NO_COLOUR      SIZE_MAX

/* Cut to `cols` characters.  Wide ones count as two: better too short than two lines. */
static void add_cut(struct strbuf *out, const char *text, size_t len, size_t cols, size_t *ret_used)
{
	size_t used = 0, i = 0;

	while (i < len) {
		size_t n = 1, width = 1;

		while (i + n < len && ((unsigned char)text[i + n] & 0xc0) == 0x80)
			n++;
		if ((unsigned char)text[i] >= 0xe1)
			width = 2;
		if (used + width > cols)
			break;
		strbuf_add(out, text + i, n);
		used += width;
		i += n;
	}
	*ret_used = used;
}

struct line {
	size_t colour; /* in a struct colours, or NO_COLOUR */
	const char *prefix;
	struct strbuf text; /* printable */
	struct strbuf size; /* printable; "" */
	int64_t spent;      /* -1: not told */
};

static void line_done(struct line *l)
{
	strbuf_done(&l->text);
	strbuf_done(&l->size);
}

static void pad(struct strbuf *out, size_t n)
{
	while (n--)
		strbuf_addc(out, ' ');
}

static const char *colour_on(const struct line *l, const struct picture_opts *o)
{
	return l->colour != NO_COLOUR && o->colours ? (const char *)o->colours + l->colour : "";
}

static void line_draw(const struct line *l, const struct picture_opts *o, struct strbuf *out)
{
	auto_(strbuf) struct strbuf time = { 0 };
	size_t used, left, fixed = strlen(l->prefix);
	bool with_size;

	if (l->spent >= 0)
		strbuf_addf(&time, " %.1fs", (double)l->spent / (double)NANOSECONDS);
	/* Where not even that fits there is no place for times. */
	if (fixed + time.len + 1 > o->cols)
		strbuf_truncate(&time, 0);
	fixed += time.len + 1;
	left = o->cols > fixed ? o->cols - fixed : 0;
	with_size = l->size.len && left > l->size.len + 1 + NAME_MIN;
	if (with_size)
		left -= l->size.len + 1;
	strbuf_adds(out, colour_on(l, o));
	add_cut(out, l->prefix, strlen(l->prefix), o->cols - 1, &used);
	add_cut(out, strbuf_str(&l->text), l->text.len, left, &used);
	if (with_size)
		strbuf_addf(out, " %s", strbuf_str(&l->size));
	if (time.len && left >= used) {
		pad(out, left - used);
		strbuf_adds(out, strbuf_str(&time));
	}
	if (*colour_on(l, o))
		strbuf_adds(out, o->colours->off);
	strbuf_adds(out, "\033[K\n");
}

/* ---- Which lines there are ---- */

struct lines {
	struct line *items;
	size_t n, cap;
};

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		line_done(&l->items[i]);
	free(l->items);
}
AUTO_DEFINE_DONE(lines, lines_done)

static struct line *lines_add(struct lines *l, const char *prefix, size_t colour)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->items = xreallocarray(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n] = (struct line){ .prefix = prefix, .colour = colour, .spent = -1 };
	return &l->items[l->n++];
}

static const char *state_word(const struct progress_vertex *v)
{
	if (!v->ended)
		return "";
	if (v->canceled)
		return "CANCELED ";
	return v->error ? "ERROR " : v->cached ? "CACHED " : "";
}

static size_t state_colour(const struct progress_vertex *v)
{
	if (!v->ended)
		return NO_COLOUR;
	return v->canceled ? COLOUR(cancel) : v->error ? COLOUR(error) : COLOUR(run);
}

static void add_items(const struct progress_vertex *v, const struct picture_opts *o,
		      struct lines *out)
{
	for (size_t n = 0; n < v->n_items; n++) {
		const struct progress_item *i = &v->items[n];
		int64_t end = i->ended ? i->ended : v->ended ? v->ended : o->now;
		struct line *l = lines_add(out, " => => ",
					   progress_item_ended(v, i) ? COLOUR(run) : NO_COLOUR);

		strbuf_add_printable(&l->text, i->id, strlen(i->id), "");
		progress_bytes(&l->size, i);
		l->spent = end - i->started;
	}
}

static void add_warnings(const struct progress_vertex *v, struct lines *out)
{
	for (size_t i = 0; i < v->warnings.n; i++) {
		struct line *l = lines_add(out, " => ", COLOUR(warning));

		strbuf_adds(&l->text, "WARN: ");
		strbuf_add_printable(&l->text, v->warnings.v[i], strlen(v->warnings.v[i]), "");
	}
}

/* The end of what begins with ESC: a sequence up to its letter, a title up to its end, or one more
 * byte. */
static const char *skip_escape(const char *at, const char *end)
{
	if (++at == end)
		return end;
	if (*at == ']') {
		while (at < end && *at != '\a' && *at != '\033')
			at++;
		return at < end && *at == '\a' ? at + 1 : at;
	}
	if (*at++ != '[')
		return at;
	while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x40)
		at++;
	return at < end ? at + 1 : end;
}

/* As a terminal shows it that knows neither colours nor places. */
static void add_plain(struct strbuf *out, const char *at, const char *end)
{
	while (at < end) {
		const char *to = at;

		while (to < end && *to != '\033' && *to != '\t')
			to++;
		strbuf_add_printable(out, at, (size_t)(to - at), "");
		if (to < end && *to == '\t')
			pad(out, 8 - out->len % 8);
		at = to == end ? end : *to == '\t' ? to + 1 : skip_escape(to, end);
	}
}

/* What stands behind the last carriage return is what a terminal would show of the line. */
static void add_output(const struct progress_vertex *v, size_t most, struct lines *out)
{
	const char *text;
	size_t len, n = 0;

	while (log_tail_line(&v->tail, n, &text, &len))
		n++;
	for (size_t i = n > most ? n - most : 0; log_tail_line(&v->tail, i, &text, &len); i++) {
		const char *space = memchr(text, ' ', len), *end = text + len, *from;
		struct line *l;

		while (end > text && end[-1] == '\r')
			end--;
		from = space ? space + 1 : text;
		for (const char *c = from; c < end; c++)
			if (*c == '\r')
				from = c + 1;
		l = lines_add(out, " => => # ", COLOUR(faint));
		add_plain(&l->text, from, end);
	}
}

static void add_vertex(const struct progress_vertex *v, const struct picture_opts *o, size_t output,
		       struct lines *out)
{
	struct line *l = lines_add(out, " => ", state_colour(v));

	strbuf_adds(&l->text, state_word(v));
	strbuf_add_printable(&l->text, v->name, strlen(v->name), "");
	l->spent = progress_spent(v, o->now);
	/* As BuildKit: what took no time that anybody noticed took none. */
	if (l->spent < NANOSECONDS / 20)
		l->spent = 0;
	add_items(v, o, out);
	add_warnings(v, out);
	if (!v->ended && output)
		add_output(v, output, out);
}

/* ---- Which of them fit ---- */

/* Lines of output for each step that runs: as many as there is room for. */
static size_t output_lines(const struct progress *p, const struct picture_opts *o)
{
	size_t running = 0, lines;

	for (size_t i = 0; i < p->n; i++)
		running += p->items[i]->began && !p->items[i]->ended && p->items[i]->tail.n;
	if (!running || o->last || o->rows < 8)
		return 0;
	lines = ((size_t)o->rows - 4) / running;
	lines = lines > 1 ? lines - 1 : 0;
	return lines < o->log_lines ? lines : o->log_lines;
}

static void collect(const struct progress *p, const struct picture_opts *o, bool running,
		    size_t output, struct lines *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct progress_vertex *v = p->items[i];

		if (v->began && !v->ended == running)
			add_vertex(v, o, output, out);
	}
}

static bool has_failed(const struct progress *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i]->error || p->items[i]->canceled)
			return true;
	return false;
}

static void headline(const struct progress *p, const struct picture_opts *o, struct strbuf *out)
{
	struct line l = { .prefix = "", .colour = NO_COLOUR, .spent = -1 };
	size_t done = 0, known = 0;
	bool failed = has_failed(p);

	for (size_t i = 0; i < p->n; i++) {
		/* What nobody needed in the end was not to be done. */
		known += !o->last || failed || p->items[i]->began;
		done += p->items[i]->began && p->items[i]->ended;
	}
	strbuf_addf(&l.text, "[+] Building %.1fs (%zu/%zu)%s",
		    (double)(o->now - p->begun) / (double)NANOSECONDS, done, known,
		    o->last && !failed && done && done == known ? " FINISHED" : "");
	line_draw(&l, o, out);
	line_done(&l);
}

/* What ended stands above what runs, the oldest of it goes first where there is no room; the last
 * picture shows everything. */
size_t picture_draw(const struct progress *p, const struct picture_opts *o, struct strbuf *out)
{
	auto_(lines) struct lines ended = { 0 }, running = { 0 };
	size_t room = o->rows > 2 ? o->rows - 2 : 0, hide = 0, hide_running = 0;

	collect(p, o, false, 0, &ended);
	collect(p, o, true, output_lines(p, o), &running);
	if (!o->last) {
		hide_running = running.n > room ? running.n - room : 0;
		room -= running.n - hide_running;
		hide = ended.n > room ? ended.n - room : 0;
	}
	headline(p, o, out);
	for (size_t i = hide; i < ended.n; i++)
		line_draw(&ended.items[i], o, out);
	for (size_t i = 0; i < running.n - hide_running; i++)
		line_draw(&running.items[i], o, out);
	return 1 + ended.n - hide + running.n - hide_running;
}
