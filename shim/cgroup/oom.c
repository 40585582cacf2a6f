/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/cgroup/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/parse.h"
#include "shim/cgroup/find.h"

#define COUNTS_MAX 1024

void oom_watch_init(struct oom_watch *w, struct loop *loop, void (*oom)(void *ctx), void *ctx)
{
	*w = (struct oom_watch){
		.loop = loop,
		.src = { .fd = -1 },
		.fd = -1,
		.counts = -1,
		.oom = oom,
		.ctx = ctx,
	};
}

void oom_watch_done(struct oom_watch *w)
{
	loop_remove(w->loop, &w->src);
	if (w->fd >= 0)
		(void)close(w->fd);
	if (w->counts >= 0)
		(void)close(w->counts);
	w->fd = -1;
	w->counts = -1;
}

uint64_t oom_count_in(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");
		char number[24];
		uint64_t v = 0;

		if (len > n && p[n] == ' ' && strncmp(p, key, n) == 0) {
			(void)snprintf(number, sizeof(number), "%.*s", (int)(len - n - 1),
				       p + n + 1);
			return parse_u64(number, &v) < 0 ? 0 : v;
		}
		p += len + (p[len] == '\n');
	}
	return 0;
}

/* Reading also takes back v2's event.  False when the group is gone. */
static bool read_counts(const struct oom_watch *w, uint64_t *ret_ooms, uint64_t *ret_kills)
{
	char text[COUNTS_MAX];
	ssize_t n = w->counts < 0 ? -1 : pread(w->counts, text, sizeof(text) - 1, 0);

	if (n < 0)
		return false;
	text[n] = '\0';
	*ret_ooms = oom_count_in(text, "oom");
	*ret_kills = oom_count_in(text, "oom_kill");
	return true;
}

static bool has_risen(struct oom_watch *w)
{
	uint64_t ooms = 0, kills = 0;
	bool risen;

	if (!read_counts(w, &ooms, &kills))
		return false;
	risen = ooms > w->ooms || kills > w->kills;
	w->ooms = ooms;
	w->kills = kills;
	return risen;
}

static void tell(struct oom_watch *w)
{
	w->told = true;
	w->oom(w->ctx);
}

static int on_v2(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		 struct err *e UNUSED)
{
	struct oom_watch *w = s->ctx;
	uint64_t ooms, kills;

	/* A removed group would go on to signal. */
	if (!read_counts(w, &ooms, &kills))
		oom_watch_done(w);
	else if (has_risen(w))
		tell(w);
	return 0;
}

/* The eventfd is signalled before anything is killed and counted, and once more when the group is
 * removed: only what came beside that was want of memory. */
static void take_v1(struct oom_watch *w)
{
	uint64_t n = 0, ooms = 0, kills = 0;
	bool alive = read_counts(w, &ooms, &kills);

	if (read(w->fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return;
	if (alive)
		w->kills = kills;
	if (alive || n > 1)
		tell(w);
	if (!alive)
		oom_watch_done(w);
}

static int on_v1(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		 struct err *e UNUSED)
{
	take_v1(s->ctx);
	return 0;
}

/* v1: an event that was told had not been counted then, so a rise here is the same one. */
void oom_watch_check(struct oom_watch *w)
{
	if (!w->v2 && w->fd >= 0)
		take_v1(w);
	if (w->counts >= 0 && has_risen(w) && (w->v2 || !w->told))
		tell(w);
}

static int watch_v2(struct oom_watch *w, int dirfd, struct err *e)
{
	w->counts = openat(dirfd, "memory.events", O_RDONLY | O_CLOEXEC);
	if (w->counts < 0)
		return err_sys(e, "open cgroup file 'memory.events'");
	(void)has_risen(w);
	return loop_add(w->loop, &w->src, w->counts, EPOLLPRI, on_v2, w, e);
}

static int watch_v1(struct oom_watch *w, int dirfd, struct err *e)
{
	char text[32];
	int r;

	w->counts = openat(dirfd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	if (w->counts < 0)
		return err_sys(e, "open cgroup file 'memory.oom_control'");
	(void)has_risen(w);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd < 0)
		return err_sys(e, "make an eventfd");
	(void)snprintf(text, sizeof(text), "%d %d", w->fd, w->counts);
	r = file_write_at(dirfd, "cgroup.event_control", text, e);
	return r < 0 ? r : loop_add(w->loop, &w->src, w->fd, EPOLLIN, on_v1, w, e);
}

int oom_watch_open(struct oom_watch *w, pid_t pid, struct err *e)
{
	autofd int dirfd = cgroup_open(pid, "memory", &w->v2, e);
	int r = dirfd;

	if (r >= 0)
		r = w->v2 ? watch_v2(w, dirfd, e) : watch_v1(w, dirfd, e);
	if (r >= 0)
		return 0;
	oom_watch_done(w);
	return err_wrap(e, r, "watch for want of memory");
}
