/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/progress/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "imagetool/progress/internal.h"
#include "libutil/file.h"

/* Graphs count from 0. */
#define OWN_FIRST (SIZE_MAX / 2)

const struct progress_display progress_quiet = { .vertex = NULL };

int64_t progress_now(const struct progress *p)
{
	struct timespec t;

	if (p->opts.now)
		return p->opts.now();
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NANOSECONDS + t.tv_nsec;
}

int64_t progress_spent(const struct progress_vertex *v, int64_t now)
{
	int64_t end = v->ended ? v->ended : now;

	return v->spent + (v->began && end > v->began ? end - v->began : 0);
}

bool progress_item_ended(const struct progress_vertex *v, const struct progress_item *i)
{
	return i->ended || v->ended;
}

void progress_add_text(const struct progress *p, struct strbuf *out, const char *s, size_t len)
{
	if (p->terminal)
		strbuf_add_printable(out, s, len, "\t\n");
	else
		strbuf_add(out, s, len);
}

/* Nobody reads any more: the build goes on. */
void progress_write(const struct progress *p, const struct strbuf *text)
{
	if (text->len)
		(void)file_write_all(p->opts.fd, text->data, text->len, NULL);
}

/* ---- Vertices ---- */

static void vertex_free(struct progress_vertex *v)
{
	for (size_t i = 0; i < v->n_items; i++)
		free(v->items[i].id);
	free(v->items);
	free(v->digest);
	free(v->name);
	free(v->error);
	strv_done(&v->inputs);
	strv_done(&v->warnings);
	log_tail_done(&v->tail);
	strbuf_done(&v->waiting);
	free(v);
}

/* Builds have tens of vertices, at most thousands, and the one asked for is mostly a late one. */
static struct progress_vertex *find(const struct progress *p, size_t id)
{
	for (size_t i = p->n; i > 0; i--)
		if (p->items[i - 1]->id == id)
			return p->items[i - 1];
	return NULL;
}

static struct progress_vertex *vertex_new(struct progress *p, size_t id, const char *digest,
					  const char *name)
{
	struct progress_vertex *v = xcalloc(1, sizeof(*v));

	v->id = id;
	/* Programs that read rawjson want something that looks like one. */
	v->digest = digest ? xstrdup(digest) : xasprintf("sha256:%064zx", id);
	v->name = xstrdup(name ? name : "");
	v->limit.max = p->opts.log_max;
	v->limit.speed_max = p->opts.log_speed_max;
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 32;
		p->items = xreallocarray(p->items, p->cap, sizeof(struct progress_vertex *));
	}
	return p->items[p->n++] = v;
}

static struct progress_vertex *get(struct progress *p, size_t id, const char *digest,
				   const char *name)
{
	struct progress_vertex *v = find(p, id);

	return v ? v : vertex_new(p, id, digest, name);
}

/* ---- The ticker ---- */

static struct timespec later(int ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms * 1000000L;
	t.tv_sec += t.tv_nsec / NANOSECONDS;
	t.tv_nsec %= NANOSECONDS;
	return t;
}

static void *tick(void *ctx)
{
	struct progress *p = ctx;

	(void)pthread_mutex_lock(&p->mutex);
	while (!p->closed) {
		struct timespec until = later(PROGRESS_TICK_MS);

		if (pthread_cond_timedwait(&p->wake, &p->mutex, &until) == ETIMEDOUT && !p->closed)
			p->display->tick(p);
	}
	(void)pthread_mutex_unlock(&p->mutex);
	return NULL;
}

/* With the lock held, when there is something to come back to: a build that finds everything in the
 * cache is over before.  Signals are for the threads of the build. */
static void start_ticking(struct progress *p)
{
	sigset_t all, before;

	if (p->ticking || p->closed || !p->display->tick)
		return;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	p->ticking = pthread_create(&p->ticker, NULL, tick, p) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- Open and close ---- */

const char *const progress_modes[] = { "auto", "tty", "plain", "rawjson", "quiet", NULL };

/* One that says of itself that it cannot go back to what it has shown. */
static bool can_draw(void)
{
	const char *term = getenv("TERM");

	return !term || !streq(term, "dumb");
}

static int choose(struct progress *p, struct err *e)
{
	static const struct progress_display *const displays[] = {
		[PROGRESS_TTY] = &progress_tty,
		[PROGRESS_PLAIN] = &progress_plain,
		[PROGRESS_RAWJSON] = &progress_rawjson,
		[PROGRESS_QUIET] = &progress_quiet,
	};
	enum progress_mode mode = p->opts.mode;

	p->terminal = isatty(p->opts.fd);
	if (!p->terminal)
		p->opts.colours = NULL;
	if (mode == PROGRESS_AUTO)
		mode = p->terminal && can_draw() ? PROGRESS_TTY : PROGRESS_PLAIN;
	if (mode == PROGRESS_TTY && !p->terminal)
		return err_set(e, ENOTTY, "progress 'tty': there is no terminal: use plain");
	p->display = displays[mode];
	return 0;
}

static void init_lock(struct progress *p)
{
	pthread_condattr_t attr;

	(void)pthread_mutex_init(&p->mutex, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
}

int progress_open(const struct progress_opts *opts, struct progress **ret, struct err *e)
{
	struct progress *p = xcalloc(1, sizeof(*p));
	int r;

	p->opts = *opts;
	if (!p->opts.log_max)
		p->opts.log_max = PROGRESS_LOG_MAX;
	if (!p->opts.log_speed_max)
		p->opts.log_speed_max = PROGRESS_LOG_SPEED_MAX;
	p->next_own = OWN_FIRST;
	r = choose(p, e);
	if (r < 0) {
		free(p);
		return r;
	}
	p->begun = progress_now(p);
	init_lock(p);
	*ret = p;
	return 0;
}

void progress_close(struct progress *p)
{
	bool first;

	if (!p)
		return;
	(void)pthread_mutex_lock(&p->mutex);
	first = !p->closed;
	p->closed = true;
	(void)pthread_cond_signal(&p->wake);
	(void)pthread_mutex_unlock(&p->mutex);
	if (p->ticking)
		(void)pthread_join(p->ticker, NULL);
	p->ticking = false;
	if (first && p->display->close)
		p->display->close(p);
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	progress_close(p);
	for (size_t i = 0; i < p->n; i++)
		vertex_free(p->items[i]);
	free(p->items);
	(void)pthread_mutex_destroy(&p->mutex);
	(void)pthread_cond_destroy(&p->wake);
	free(p);
}

/* ---- What happens ---- */

size_t progress_new_vertex(struct progress *p)
{
	size_t id;

	if (!p)
		return OWN_FIRST;
	(void)pthread_mutex_lock(&p->mutex);
	id = p->next_own++;
	(void)pthread_mutex_unlock(&p->mutex);
	return id;
}

/* Between these nothing else happens.  Behind progress_close() nothing does. */
static bool enter(struct progress *p)
{
	if (!p)
		return false;
	(void)pthread_mutex_lock(&p->mutex);
	if (!p->closed)
		return true;
	(void)pthread_mutex_unlock(&p->mutex);
	return false;
}

static void leave(struct progress *p)
{
	start_ticking(p);
	(void)pthread_mutex_unlock(&p->mutex);
}

void progress_vertex_known(struct progress *p, size_t vertex, const char *digest, const char *name,
			   const size_t *inputs, size_t n_inputs)
{
	struct progress_vertex *v;

	if (!enter(p))
		return;
	v = get(p, vertex, digest, name);
	for (size_t i = 0; i < n_inputs && !v->inputs.n; i++) {
		const struct progress_vertex *input = find(p, inputs[i]);

		if (input)
			strv_add(&v->inputs, input->digest);
	}
	if (p->display->vertex)
		p->display->vertex(p, v);
	leave(p);
}

static void rename_vertex(struct progress_vertex *v, const char *digest, const char *name)
{
	if (name && !streq(name, v->name)) {
		free(v->name);
		v->name = xstrdup(name);
	}
	if (digest && !streq(digest, v->digest)) {
		free(v->digest);
		v->digest = xstrdup(digest);
	}
}

static void begin(struct progress *p, struct progress_vertex *v)
{
	v->spent = progress_spent(v, progress_now(p));
	v->began = progress_now(p);
	v->ended = 0;
}

void progress_vertex_begin(struct progress *p, size_t vertex, const char *digest, const char *name)
{
	struct progress_vertex *v;

	if (!enter(p))
		return;
	v = get(p, vertex, digest, name);
	rename_vertex(v, digest, name);
	begin(p, v);
	if (p->display->vertex)
		p->display->vertex(p, v);
	leave(p);
}

static void note_failure(struct progress_vertex *v, const struct err *failed)
{
	free(v->error);
	v->error = failed ? xstrdup(failed->msg) : NULL;
	v->canceled = failed && (failed->code == ECANCELED || failed->code == EINTR);
}

void progress_vertex_end(struct progress *p, size_t vertex, bool cached, const struct err *failed)
{
	struct progress_vertex *v;

	if (!enter(p))
		return;
	v = get(p, vertex, NULL, NULL);
	if (!v->began || v->ended)
		begin(p, v);
	v->ended = progress_now(p);
	v->cached = cached;
	note_failure(v, failed);
	if (p->display->vertex)
		p->display->vertex(p, v);
	leave(p);
}

/* ---- What vertices say ---- */

static void show_log(struct progress *p, struct progress_vertex *v, int stream, const char *data,
		     size_t len)
{
	int64_t elapsed = progress_now(p) - v->began;

	if (!len)
		return;
	log_tail_add(&v->tail, (double)elapsed / (double)NANOSECONDS, data, len);
	if (p->display->log)
		p->display->log(p, v, stream, data, len);
}

void progress_log(struct progress *p, size_t vertex, int stream, const void *data, size_t len)
{
	char note[LOG_LIMIT_NOTE];
	struct progress_vertex *v;
	size_t shown;

	if (!enter(p))
		return;
	v = get(p, vertex, NULL, NULL);
	shown = log_limit_take(&v->limit, progress_now(p) - v->began, len, note);
	show_log(p, v, stream, data, shown);
	if (note[0]) {
		if (v->tail.open)
			show_log(p, v, stream, "\n", 1);
		show_log(p, v, stream, note, strlen(note));
		show_log(p, v, stream, "\n", 1);
	}
	leave(p);
}

static struct progress_item *get_item(struct progress *p, struct progress_vertex *v, const char *id)
{
	struct progress_item *i;

	for (size_t n = 0; n < v->n_items; n++)
		if (streq(v->items[n].id, id))
			return &v->items[n];
	if (v->n_items == v->items_cap) {
		v->items_cap = v->items_cap ? v->items_cap * 2 : 4;
		v->items = xreallocarray(v->items, v->items_cap, sizeof(*v->items));
	}
	i = &v->items[v->n_items++];
	*i = (struct progress_item){ .id = xstrdup(id), .started = progress_now(p) };
	return i;
}

static void set_status(struct progress *p, struct progress_vertex *v, const char *id,
		       int64_t current, int64_t total, bool ended)
{
	struct progress_item *i = get_item(p, v, id);

	if (!ended) {
		i->current = current;
		i->total = total;
	} else if (!i->ended) {
		i->ended = progress_now(p);
	}
	if (p->display->status)
		p->display->status(p, v, i);
}

void progress_status(struct progress *p, size_t vertex, const char *id, int64_t current,
		     int64_t total)
{
	if (!enter(p))
		return;
	set_status(p, get(p, vertex, NULL, NULL), id, current, total, false);
	leave(p);
}

void progress_status_end(struct progress *p, size_t vertex, const char *id)
{
	if (!enter(p))
		return;
	set_status(p, get(p, vertex, NULL, NULL), id, 0, 0, true);
	leave(p);
}

void progress_warning(struct progress *p, size_t vertex, const struct progress_warning *w)
{
	struct progress_vertex *v;

	if (!enter(p))
		return;
	v = get(p, vertex, NULL, NULL);
	strv_add(&v->warnings, w->text);
	if (p->display->warning)
		p->display->warning(p, v, w);
	leave(p);
}
