/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/proc.h"

#define NS_PER_MS        INT64_C(1000000)
#define SEND_LIMIT_MS    5000
#define FIRST_DELAY_MS   100
#define LONGEST_DELAY_MS 5000
/* An event that containerd itself refuses this often is not wanted. */
#define REFUSALS_MAX 5

struct publish_entry {
	struct publish_entry *next;
	enum msg_event kind;
	unsigned refused;
	size_t len;
	uint8_t data[]; /* a ForwardRequest; for the program an Any */
};

static void send_first(struct publisher *p);

static bool by_ttrpc(const struct publisher *p)
{
	return p->target.ttrpc_address && p->target.ttrpc_address[0];
}

static bool by_program(const struct publisher *p)
{
	return !by_ttrpc(p) && p->target.binary && p->target.binary[0];
}

/* ---- the queue ---- */

static void drop(struct publisher *p, struct publish_entry **at)
{
	struct publish_entry *entry = *at;

	*at = entry->next;
	if (!*at)
		p->end = at;
	p->n--;
	p->bytes -= entry->len;
	free(entry);
}

/* The first of a kind that is not on its way; NULL: none. */
static struct publish_entry **find_oldest(struct publisher *p, bool oom_only)
{
	struct publish_entry **at = p->sending ? &p->first->next : &p->first;

	while (*at && oom_only && (*at)->kind != MSG_EVENT_OOM)
		at = &(*at)->next;
	return *at ? at : NULL;
}

static bool is_full(const struct publisher *p)
{
	return p->n > PUBLISH_EVENTS_MAX || p->bytes > PUBLISH_BYTES_MAX;
}

static void make_room(struct publisher *p)
{
	while (is_full(p)) {
		struct publish_entry **at = find_oldest(p, true);

		if (!at)
			at = find_oldest(p, false);
		if (!at)
			return;
		if (p->lost++ == 0)
			log_warning("too many events wait for containerd: the oldest are lost");
		drop(p, at);
	}
}

/* ---- time ---- */

static int on_timer(struct loop *l UNUSED, struct loop_source *src, uint32_t events UNUSED,
		    struct err *e UNUSED)
{
	struct publisher *p = src->ctx;
	uint64_t ticks;

	if (read(p->timerfd, &ticks, sizeof(ticks)) != sizeof(ticks))
		return 0;
	/* Its end is an event of its own. */
	if (p->program.reaper)
		(void)child_signal(&p->program, SIGKILL);
	else
		send_first(p);
	return 0;
}

static int set_timer(struct publisher *p, int64_t ms, struct err *e)
{
	int r;

	if (p->timerfd < 0) {
		p->timerfd = loop_timer(e);
		if (p->timerfd < 0)
			return p->timerfd;
		r = loop_add(p->reaper->loop, &p->timer_src, p->timerfd, EPOLLIN, on_timer, p, e);
		if (r < 0) {
			(void)close(steal_fd(&p->timerfd));
			return r;
		}
	}
	return loop_timer_set(p->timerfd, ms * NS_PER_MS, 0, e);
}

static void stop_timer(struct publisher *p)
{
	if (p->timerfd >= 0)
		(void)loop_timer_set(p->timerfd, 0, 0, NULL);
}

/* ---- how it went ---- */

static void try_later(struct publisher *p, const char *why)
{
	struct err e = { 0 };

	log_debug("publish %s: %s", msg_event_kinds[p->first->kind].topic, why);
	p->sending = false;
	p->delay_ms = p->delay_ms ? p->delay_ms * 2 : FIRST_DELAY_MS;
	if (p->delay_ms > LONGEST_DELAY_MS)
		p->delay_ms = LONGEST_DELAY_MS;
	/* Without a timer the next event tries again. */
	if (set_timer(p, p->delay_ms, &e) < 0)
		log_warning("%s", e.msg);
}

static void sent(struct publisher *p)
{
	p->sending = false;
	p->delay_ms = 0;
	drop(p, &p->first);
	if (p->first) {
		send_first(p);
		return;
	}
	if (p->lost)
		log_warning("%u events were lost while containerd was away", p->lost);
	p->lost = 0;
	if (p->emptied)
		p->emptied(p->ctx);
}

static void refused(struct publisher *p, const char *why)
{
	if (++p->first->refused < REFUSALS_MAX) {
		try_later(p, why);
		return;
	}
	log_warning("publish %s: %s: given up", msg_event_kinds[p->first->kind].topic, why);
	sent(p);
}

/* ---- over ttrpc ---- */

static bool is_passing(int64_t code)
{
	return code == TTRPC_CANCELED || code == TTRPC_DEADLINE_EXCEEDED ||
	       code == TTRPC_RESOURCE_EXHAUSTED || code == TTRPC_UNAVAILABLE;
}

static void on_answer(void *ctx, const struct ttrpc_outcome *o)
{
	struct publisher *p = ctx;

	if (o->error == 0 && o->code == TTRPC_OK)
		sent(p);
	else if (o->error < 0 || is_passing(o->code))
		try_later(p, o->message);
	else
		refused(p, o->message);
}

static int send_by_ttrpc(struct publisher *p, struct err *e)
{
	return ttrpc_client_call(&p->client, MSG_EVENTS_SERVICE, MSG_EVENTS_METHOD,
				 (struct pb_bytes){ p->first->data, p->first->len }, SEND_LIMIT_MS,
				 e);
}

/* ---- by containerd's own program ---- */

static void on_program_end(struct child *c, const struct child_end *end)
{
	struct publisher *p = (struct publisher *)((char *)c - offsetof(struct publisher, program));
	char text[PROC_STATUS_TEXT_SIZE];

	stop_timer(p);
	if (end->known && end->status == 0)
		sent(p);
	else
		try_later(p, end->known ? proc_status_text(end->status, text) : "ended");
}

/* What it reads: a file, so that nobody waits for it to read. */
static int event_file(const struct publish_entry *entry, struct err *e)
{
	autofd int fd = memfd_create("event", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "make a file for an event");
	r = file_write_all(fd, entry->data, entry->len, e);
	if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_sys(e, "rewind the file for an event");
	return r < 0 ? r : steal_fd(&fd);
}

static int send_by_program(struct publisher *p, struct err *e)
{
	const char *argv[] = { p->target.binary,
			       "--address",
			       p->target.grpc_address ? p->target.grpc_address : "",
			       "publish",
			       "--topic",
			       msg_event_kinds[p->first->kind].topic,
			       "--namespace",
			       p->target.namespace_name,
			       NULL };
	autofd int fd = event_file(p->first, e);
	int fds[] = { fd, -1, -1 }, pidfd = -1, r;
	struct proc_spec spec = {
		.path = p->target.binary,
		.search = true,
		.argv = (char *const *)(uintptr_t)argv,
		.fds = fds,
		.n_fds = ARRAY_LEN(fds),
		.die_with_parent = true,
		.nofile = p->reaper->nofile,
	};
	pid_t pid;

	if (fd < 0)
		return fd;
	r = set_timer(p, SEND_LIMIT_MS, e);
	if (r >= 0)
		r = proc_spawn(&spec, &pid, &pidfd, e);
	if (r < 0)
		return r;
	return child_watch(&p->program, p->reaper, pid, pidfd, on_program_end, e);
}

/* ---- send ---- */

static void send_first(struct publisher *p)
{
	struct err e = { 0 };
	int r;

	if (p->sending || !p->first)
		return;
	p->sending = true;
	stop_timer(p);
	r = by_ttrpc(p) ? send_by_ttrpc(p, &e) : send_by_program(p, &e);
	if (r == -EMSGSIZE)
		refused(p, e.msg);
	else if (r < 0)
		try_later(p, e.msg);
}

/* What travels: for ttrpc with its envelope, which says when it happened. */
static void encode(const struct publisher *p, const struct msg_event_kind *kind, const void *event,
		   struct strbuf *out)
{
	auto_(strbuf) struct strbuf body = { 0 };
	struct msg_any any = { .type_url = kind->type_url };
	struct msg_timestamp stamp;
	struct timespec now;
	struct msg_envelope envelope = {
		.timestamp = &stamp,
		.namespace_name = p->target.namespace_name,
		.topic = kind->topic,
		.event = &any,
	};

	pb_encode(kind->message, event, &body);
	any.value = (struct pb_bytes){ (const uint8_t *)strbuf_str(&body), body.len };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	stamp = msg_timestamp(now);
	if (by_ttrpc(p))
		pb_encode(&msg_forward_request_message,
			  &(struct msg_forward_request){ .envelope = &envelope }, out);
	else
		pb_encode(&msg_any_message, &any, out);
}

void publish(struct publisher *p, enum msg_event kind, const void *event)
{
	auto_(strbuf) struct strbuf data = { 0 };
	struct publish_entry *entry;

	log_debug("event %s", msg_event_kinds[kind].topic);
	if (!by_ttrpc(p) && !by_program(p))
		return;
	encode(p, &msg_event_kinds[kind], event, &data);
	entry = xcalloc(1, sizeof(*entry) + data.len);
	entry->kind = kind;
	entry->len = data.len;
	if (data.len)
		memcpy(entry->data, data.data, data.len);
	*p->end = entry;
	p->end = &entry->next;
	p->n++;
	p->bytes += entry->len;
	make_room(p);
	/* While containerd is away the timer decides. */
	if (p->delay_ms == 0 || p->timerfd < 0)
		send_first(p);
}

void publisher_kick(struct publisher *p)
{
	if (p->sending || !p->first)
		return;
	p->delay_ms = 0;
	send_first(p);
}

void publisher_init(struct publisher *p, struct reaper *reaper, const struct publish_target *t)
{
	*p = (struct publisher){
		.reaper = reaper,
		.target = *t,
		.program = CHILD_NONE,
		.timerfd = -1,
	};
	p->end = &p->first;
	ttrpc_client_init(&p->client, reaper->loop, t->ttrpc_address, on_answer, p);
}

void publisher_done(struct publisher *p)
{
	ttrpc_client_done(&p->client);
	child_forget(&p->program);
	loop_remove(p->reaper->loop, &p->timer_src);
	if (p->timerfd >= 0)
		(void)close(steal_fd(&p->timerfd));
	while (p->first)
		drop(p, &p->first);
}
