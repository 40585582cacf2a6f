/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines: "#7 [build 2/5] RUN make", "#7 0.123 output", "#7 DONE 0.3s".
 *
 * One vertex at a time has the floor; what the others say waits, so that the lines of one step
 * stand together.  Who ends is heard at once, and nobody keeps the floor for ever.
 */
#include "imagetool/progress/internal.h"

#define FLOOR_MAX    (5 * NANOSECONDS)  /* where others wait */
#define STATUS_FIRST (NANOSECONDS / 10) /* before the first one */
#define STATUS_MIN   (5 * NANOSECONDS)  /* between two lines about the same transfer */

static void number(struct progress *p, struct progress_vertex *v)
{
	if (!v->number)
		v->number = ++p->numbers;
}

/* What is printed now belongs to `v`: says so where it did not. */
static void take_floor(struct progress *p, struct progress_vertex *v, struct strbuf *out)
{
	struct progress_vertex *old = p->current;

	if (old == v)
		return;
	if (old) {
		if (old->shown_open)
			strbuf_addc(out, '\n');
		old->shown_open = old->line_open = false;
		strbuf_addf(out, "#%zu ...\n", old->number);
	}
	if (p->numbers)
		strbuf_addc(out, '\n');
	number(p, v);
	strbuf_addf(out, "#%zu ", v->number);
	progress_add_text(p, out, v->name, strlen(v->name));
	strbuf_addc(out, '\n');
	p->current = v;
	p->current_since = progress_now(p);
}

/* All that waits, a number before each line; numbers are given in the order in which vertices are
 * heard. */
static void say(struct progress *p, struct progress_vertex *v)
{
	auto_(strbuf) struct strbuf out = { 0 };
	const char *text = strbuf_str(&v->waiting);
	size_t left = v->waiting.len;

	take_floor(p, v, &out);
	while (left) {
		const char *end = memchr(text, '\n', left);
		size_t some = end ? (size_t)(end - text) + 1 : left;

		if (!v->shown_open)
			strbuf_addf(&out, "#%zu ", v->number);
		strbuf_add(&out, text, some);
		v->shown_open = !end;
		text += some;
		left -= some;
	}
	progress_write(p, &out);
}

/* ---- Lines of a vertex ---- */

static bool has_floor(const struct progress *p, const struct progress_vertex *v)
{
	return !p->current || p->current == v;
}

static void add_log(struct progress *p, struct progress_vertex *v, const char *data, size_t len)
{
	double at = (double)(progress_now(p) - v->began) / (double)NANOSECONDS;

	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t some = end ? (size_t)(end - data) : len;

		if (!v->line_open) {
			log_time(&v->waiting, at);
			strbuf_addc(&v->waiting, ' ');
		}
		progress_add_text(p, &v->waiting, data, some);
		v->line_open = !end;
		if (!end)
			return;
		strbuf_addc(&v->waiting, '\n');
		data = end + 1;
		len -= some + 1;
	}
}

static void close_line(struct progress_vertex *v)
{
	if (v->line_open)
		strbuf_addc(&v->waiting, '\n');
	v->line_open = false;
}

static void add_end(struct progress_vertex *v)
{
	close_line(v);
	if (v->canceled) {
		strbuf_adds(&v->waiting, "CANCELED\n");
	} else if (v->error) {
		strbuf_adds(&v->waiting, "ERROR: ");
		/* Ours, with words of others in it: images, servers, archives. */
		strbuf_add_printable(&v->waiting, v->error, strlen(v->error), "\t\n");
		strbuf_addc(&v->waiting, '\n');
	} else if (v->cached) {
		strbuf_adds(&v->waiting, "CACHED\n");
	} else {
		strbuf_addf(&v->waiting, "DONE %.1fs\n",
			    (double)progress_spent(v, 0) / (double)NANOSECONDS);
	}
}

static void add_status(struct progress *p, struct progress_vertex *v, struct progress_item *i)
{
	double took = (double)((i->ended ? i->ended : progress_now(p)) - i->started) /
		      (double)NANOSECONDS;

	close_line(v);
	progress_add_text(p, &v->waiting, i->id, strlen(i->id));
	if (i->current || i->total)
		strbuf_addc(&v->waiting, ' ');
	progress_bytes(&v->waiting, i);
	if (took > 0.01)
		strbuf_addf(&v->waiting, " %.1fs", took);
	strbuf_adds(&v->waiting, i->ended ? " done\n" : "\n");
	i->told = i->current;
	i->told_at = progress_now(p);
}

/* ---- Whose turn it is ---- */

static void flush(struct progress *p, struct progress_vertex *v)
{
	say(p, v);
	strbuf_truncate(&v->waiting, 0);
	v->waiting_since = 0;
}

static struct progress_vertex *longest_waiting(const struct progress *p)
{
	struct progress_vertex *best = NULL;

	for (size_t i = 0; i < p->n; i++) {
		struct progress_vertex *v = p->items[i];

		if (v->waiting_since && (!best || v->waiting_since < best->waiting_since))
			best = v;
	}
	return best;
}

/* The floor is free: to who waits longest, else it stays so. */
static void pass_on(struct progress *p)
{
	struct progress_vertex *next = longest_waiting(p);

	if (next)
		flush(p, next);
}

static void heard(struct progress *p, struct progress_vertex *v)
{
	if (has_floor(p, v)) {
		flush(p, v);
		/* Said late: nothing is to come. */
		if (v->ended)
			p->current = NULL;
	} else if (!v->waiting_since) {
		v->waiting_since = progress_now(p);
	}
}

/* Steps that print without end fill no memory: who has much to say gets the floor. */
#define WAITING_MAX ((size_t)64 << 10)

static void plain_log(struct progress *p, struct progress_vertex *v, int stream UNUSED,
		      const char *data, size_t len)
{
	add_log(p, v, data, len);
	if (v->waiting.len > WAITING_MAX)
		flush(p, v);
	else
		heard(p, v);
}

static void plain_vertex(struct progress *p, struct progress_vertex *v)
{
	if (!v->began)
		return;
	if (!v->ended) {
		heard(p, v);
		return;
	}
	for (size_t i = 0; i < v->n_items; i++) {
		struct progress_item *item = &v->items[i];

		if (item->ended)
			continue;
		item->ended = v->ended;
		if (!v->error)
			add_status(p, v, item);
	}
	add_end(v);
	flush(p, v);
	p->current = NULL;
	pass_on(p);
}

/* What is over at once has one line, which says so. */
static bool worth_a_line(const struct progress *p, const struct progress_item *i)
{
	int64_t now = progress_now(p);

	if (i->ended)
		return true;
	if (!i->told_at)
		return now - i->started >= STATUS_FIRST;
	return (i->total > 0 && (i->current - i->told) * 20 >= i->total) ||
	       now - i->told_at >= STATUS_MIN;
}

static void plain_status(struct progress *p, struct progress_vertex *v, struct progress_item *i)
{
	if (!worth_a_line(p, i))
		return;
	add_status(p, v, i);
	heard(p, v);
}

static void plain_warning(struct progress *p, struct progress_vertex *v,
			  const struct progress_warning *w)
{
	close_line(v);
	strbuf_adds(&v->waiting, "WARN: ");
	progress_add_text(p, &v->waiting, w->text, strlen(w->text));
	strbuf_addc(&v->waiting, '\n');
	heard(p, v);
}

/* Those that have begun, and whose first line is due. */
static void tell_begun(struct progress *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct progress_vertex *v = p->items[i];

		for (size_t n = 0; n < v->n_items && !v->ended; n++) {
			struct progress_item *item = &v->items[n];

			if (item->told_at || !worth_a_line(p, item))
				continue;
			add_status(p, v, item);
			heard(p, v);
		}
	}
}

static void plain_tick(struct progress *p)
{
	tell_begun(p);
	if (p->current && progress_now(p) - p->current_since > FLOOR_MAX)
		pass_on(p);
}

static void plain_close(struct progress *p)
{
	auto_(strbuf) struct strbuf out = { 0 };

	for (struct progress_vertex *v = longest_waiting(p); v; v = longest_waiting(p))
		flush(p, v);
	if (p->current && p->current->shown_open)
		strbuf_addc(&out, '\n');
	progress_failures(p, &out);
	progress_write(p, &out);
}

const struct progress_display progress_plain = {
	.vertex = plain_vertex,
	.status = plain_status,
	.log = plain_log,
	.warning = plain_warning,
	.tick = plain_tick,
	.close = plain_close,
};
