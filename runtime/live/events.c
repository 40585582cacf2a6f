/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/events.h"

#include <errno.h>
#include <sys/epoll.h>

#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/loop.h"
#include "runtime/container/rdt.h"
#include "runtime/net/netstat.h"

static void begin(struct json_writer *w, const char *type, const char *id)
{
	json_object(w);
	json_kv_string(w, "type", type);
	json_kv_string(w, "id", id);
	json_key(w, "data");
	json_object(w);
}

static void end(struct json_writer *w)
{
	json_object_end(w);
	json_object_end(w);
	strbuf_addc(w->out, '\n');
}

int events_stats(const struct container *c, struct strbuf *out, struct err *e)
{
	auto_(stats) struct stats s = { 0 };
	struct json_writer w = { .out = out };
	autofree struct netstat *net = NULL;
	size_t n_net = 0;
	int r = stats_read(c->cgroup, &s, e);

	if (r < 0)
		return err_wrap(e, r, "container '%s'", c->id);
	netstat_read(container_pid(c), &net, &n_net);
	begin(&w, "stats", c->id);
	stats_encode(&s, &w);
	json_key(&w, "intel_rdt");
	json_object(&w);
	rdt_encode(c->record, &w);
	json_object_end(&w);
	json_key(&w, "network_interfaces");
	netstat_encode(net, n_net, &w);
	end(&w);
	return strbuf_check(out, "statistics", e);
}

void events_oom(const char *id, const struct oom_event *event, struct strbuf *out)
{
	static const char *const scopes[] = {
		[OOM_OWN] = "container",
		[OOM_ABOVE] = "parent",
		[OOM_BELOW] = "child",
		[OOM_HOST] = "host",
	};
	struct json_writer w = { .out = out };

	begin(&w, "oom", id);
	json_kv_string(&w, "scope", scopes[event->scope]);
	if (event->group)
		json_kv_string(&w, "cgroup", event->group);
	if (event->group && event->limit) {
		json_kv_string(&w, "limitOf", event->with_swap ? "memory+swap" : "memory");
		json_key(&w, "limit");
		json_u64(&w, event->limit);
	}
	json_key(&w, "kills");
	json_u64(&w, event->kills);
	json_kv_bool(&w, "groupKill", event->group_kills > 0);
	stats_encode_psi(&event->pressure, &w);
	end(&w);
}

/* One follower: three sources, and where the lines go. */
struct follower {
	const struct container *container;
	int fd, timerfd;
	struct oom_watch oom;
	struct loop_source on_end, on_timer, on_oom;
};

static int write_line(const struct follower *f, const struct strbuf *line, struct err *e)
{
	int r = file_write_all(f->fd, line->data, line->len, e);

	return r < 0 ? err_wrap(e, r, "write an event") : 0;
}

static int take_oom(struct follower *f, struct err *e)
{
	auto_(strbuf) struct strbuf line = { 0 };
	struct oom_event event;

	if (f->oom.fd < 0 || oom_watch_take(&f->oom, &event) == 0)
		return 0;
	events_oom(f->container->id, &event, &line);
	return write_line(f, &line, e);
}

static int oom_ready(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		     struct err *e)
{
	return take_oom(s->ctx, e);
}

static int timer_ready(struct loop *l UNUSED, struct loop_source *s, uint32_t events UNUSED,
		       struct err *e)
{
	struct follower *f = s->ctx;
	auto_(strbuf) struct strbuf line = { 0 };
	uint64_t times;
	int r;

	if (read(f->timerfd, &times, sizeof(times)) != sizeof(times))
		return 0;
	r = events_stats(f->container, &line, e);
	return r < 0 ? r : write_line(f, &line, e);
}

/* What killed the first process may be told by counts that nobody has looked at yet. */
static int container_ended(struct loop *l, struct loop_source *s, uint32_t events UNUSED,
			   struct err *e)
{
	int r = take_oom(s->ctx, e);

	loop_stop(l, 0);
	return r;
}

static int watch_oom(struct follower *f, struct loop *l, struct err *e)
{
	struct err why = { 0 };
	int r = oom_watch_open(f->container->cgroup, &f->oom, &why);

	/* Statistics are worth having alone. */
	if (r < 0) {
		log_warning("no oom events: %s", why.msg);
		return 0;
	}
	return loop_add(l, &f->on_oom, f->oom.fd, f->oom.events, oom_ready, f, e);
}

static int set_up(struct follower *f, struct loop *l, int64_t interval_ns, struct err *e)
{
	int r;

	f->timerfd = loop_timer(e);
	if (f->timerfd < 0)
		return f->timerfd;
	r = loop_timer_set(f->timerfd, interval_ns, interval_ns, e);
	if (r >= 0)
		r = loop_add(l, &f->on_timer, f->timerfd, EPOLLIN, timer_ready, f, e);
	if (r >= 0)
		r = watch_oom(f, l, e);
	if (r >= 0)
		r = loop_add(l, &f->on_end, f->container->pidfd, EPOLLIN, container_ended, f, e);
	return r;
}

int events_follow(const struct container *c, int fd, int64_t interval_ns, struct err *e)
{
	struct follower f = { .container = c, .fd = fd, .timerfd = -1, .oom = OOM_WATCH_NONE };
	struct loop l;
	int r = loop_init(&l, e);

	if (r < 0)
		return r;
	r = set_up(&f, &l, interval_ns, e);
	if (r >= 0)
		r = loop_run(&l, e);
	loop_done(&l);
	close_at_exit(&f.timerfd);
	oom_watch_done(&f.oom);
	return r < 0 ? r : 0;
}
