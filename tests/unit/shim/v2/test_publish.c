/* SPDX-License-Identifier: Apache-2.0 */
/* Events to a containerd that is there, away, or does not want them. */
#include "shim/v2/publish.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "shim/ttrpc/server.h"

struct world {
	char dir[32], path[48], program[48];
	int dirfd;
	struct loop loop;
	struct reaper reaper;
	struct ttrpc_server server;
	struct publisher p;
	struct strbuf got; /* "/tasks/start(1) " */
	enum ttrpc_code refuse;
	bool emptied;
};

static void on_forward(void *ctx, struct ttrpc_call *call, const void *request)
{
	const struct msg_envelope *v = ((const struct msg_forward_request *)request)->envelope;
	auto_(arena) struct arena a = { 0 };
	struct msg_event_pid event = { 0 };
	struct world *w = ctx;

	if (w->refuse) {
		strbuf_adds(&w->got, "refused ");
		ttrpc_fail(call, w->refuse, "no");
		return;
	}
	assert_string_equal(v->namespace_name, "ns");
	assert_true(v->timestamp->seconds.v > 1500000000);
	/* All events begin with the container's name, and those here go on with a pid. */
	assert_int_equal(pb_decode(msg_event_kinds[MSG_EVENT_START].message, v->event->value.data,
				   v->event->value.len, &a, &event, NULL),
			 0);
	strbuf_addf(&w->got, "%s(%s %d) ", v->topic, event.container_id, (int)event.pid.v);
	ttrpc_reply(call, &(struct msg_empty){ 0 });
}

static const struct ttrpc_method methods[] = {
	{ MSG_EVENTS_METHOD, &msg_forward_request_message, &msg_empty_message, on_forward },
};
static const struct ttrpc_service services[] = { { MSG_EVENTS_SERVICE, methods, 1 } };

static void containerd_comes(struct world *w)
{
	int fd = fd_unix_listen_at(w->dirfd, "s", SOCK_STREAM, 0600, NULL);

	assert_true(fd >= 0);
	assert_int_equal(ttrpc_server_init(&w->server, &w->loop, fd, services, 1, w, NULL), 0);
}

static void containerd_goes(struct world *w)
{
	ttrpc_server_done(&w->server);
	(void)unlink(w->path);
}

static void on_signal(void *ctx, int sig)
{
	(void)ctx;
	(void)sig;
}

static void on_emptied(void *ctx)
{
	((struct world *)ctx)->emptied = true;
}

static void world_init(struct world *w, bool by_program)
{
	struct publish_target target = { .namespace_name = "ns", .grpc_address = "/grpc" };

	*w = (struct world){ .dir = "/tmp/publish.XXXXXX" };
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/s", w->dir);
	(void)snprintf(w->program, sizeof(w->program), "%s/containerd", w->dir);
	w->dirfd = open(w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(loop_init(&w->loop, NULL), 0);
	assert_int_equal(reaper_init(&w->reaper, &w->loop, on_signal, w, NULL), 0);
	if (by_program)
		target.binary = w->program;
	else
		target.ttrpc_address = w->path;
	publisher_init(&w->p, &w->reaper, &target);
	w->p.emptied = on_emptied;
	w->p.ctx = w;
}

static void world_done(struct world *w)
{
	publisher_done(&w->p);
	reaper_done(&w->reaper);
	loop_done(&w->loop);
	(void)unlinkat(w->dirfd, "containerd", 0);
	(void)unlinkat(w->dirfd, "out", 0);
	(void)close(w->dirfd);
	(void)rmdir(w->dir);
	strbuf_done(&w->got);
}

static void tell(struct world *w, enum msg_event kind, int pid)
{
	struct msg_event_pid event = { .container_id = "one", .pid = pb_set(pid) };

	publish(&w->p, kind, &event);
}

static void settle(struct world *w)
{
	while (loop_once(&w->loop, 20, NULL) > 0)
		;
}

static void events_come_in_their_order(void **state UNUSED)
{
	struct world w;

	world_init(&w, false);
	containerd_comes(&w);
	tell(&w, MSG_EVENT_START, 1);
	tell(&w, MSG_EVENT_START, 2);
	tell(&w, MSG_EVENT_START, 3);
	settle(&w);
	assert_string_equal(strbuf_str(&w.got),
			    "/tasks/start(one 1) /tasks/start(one 2) /tasks/start(one 3) ");
	assert_true(w.emptied);
	assert_true(publisher_is_empty(&w.p));
	containerd_goes(&w);
	world_done(&w);
}

static void what_happens_while_containerd_is_away_is_told_when_it_is_back(void **state UNUSED)
{
	struct world w;

	world_init(&w, false);
	tell(&w, MSG_EVENT_START, 1);
	settle(&w);
	tell(&w, MSG_EVENT_START, 2);
	settle(&w);
	assert_int_equal(w.p.n, 2);
	containerd_comes(&w);
	publisher_kick(&w.p);
	settle(&w);
	assert_string_equal(strbuf_str(&w.got), "/tasks/start(one 1) /tasks/start(one 2) ");
	/* The connection breaks between two events. */
	containerd_goes(&w);
	settle(&w);
	tell(&w, MSG_EVENT_START, 3);
	settle(&w);
	containerd_comes(&w);
	/* Without a kick, too. */
	for (int i = 0; i < 100 && !publisher_is_empty(&w.p); i++)
		(void)loop_once(&w.loop, 100, NULL);
	assert_non_null(strstr(strbuf_str(&w.got), "(one 3)"));
	containerd_goes(&w);
	world_done(&w);
}

static void an_event_that_is_refused_for_good_does_not_hold_up_the_next(void **state UNUSED)
{
	struct world w;

	world_init(&w, false);
	containerd_comes(&w);
	w.refuse = TTRPC_INVALID_ARGUMENT;
	tell(&w, MSG_EVENT_START, 1);
	for (int i = 0; i < 4; i++) {
		settle(&w);
		publisher_kick(&w.p);
	}
	settle(&w);
	assert_true(publisher_is_empty(&w.p));
	assert_string_equal(strbuf_str(&w.got), "refused refused refused refused refused ");
	w.refuse = TTRPC_OK;
	tell(&w, MSG_EVENT_START, 2);
	settle(&w);
	assert_non_null(strstr(strbuf_str(&w.got), "(one 2)"));
	containerd_goes(&w);
	world_done(&w);
}

static void a_refusal_that_passes_is_tried_again(void **state UNUSED)
{
	struct world w;

	world_init(&w, false);
	containerd_comes(&w);
	w.refuse = TTRPC_UNAVAILABLE;
	tell(&w, MSG_EVENT_START, 1);
	for (int i = 0; i < 8; i++) {
		settle(&w);
		publisher_kick(&w.p);
	}
	assert_int_equal(w.p.n, 1);
	w.refuse = TTRPC_OK;
	publisher_kick(&w.p);
	settle(&w);
	assert_true(publisher_is_empty(&w.p));
	containerd_goes(&w);
	world_done(&w);
}

static void exit_of(struct world *w, int pid)
{
	struct msg_event_exit event = { .container_id = "one", .pid = pb_set(pid) };

	publish(&w->p, MSG_EVENT_EXIT, &event);
}

static void the_queue_is_bounded_and_exits_outlive_oom_notices(void **state UNUSED)
{
	struct msg_event_id oom = { .container_id = "one" };
	size_t with_exits;
	struct world w;

	world_init(&w, false);
	exit_of(&w, 1);
	exit_of(&w, 2);
	with_exits = w.p.bytes;
	for (int i = 0; i < PUBLISH_EVENTS_MAX + 10; i++)
		publish(&w.p, MSG_EVENT_OOM, &oom);
	assert_int_equal(w.p.n, PUBLISH_EVENTS_MAX);
	for (int i = 0; i < PUBLISH_EVENTS_MAX - 2; i++)
		exit_of(&w, 1);
	/* All notices have gone, no exit has. */
	assert_int_equal(w.p.n, PUBLISH_EVENTS_MAX);
	assert_true(w.p.bytes >= with_exits / 2 * PUBLISH_EVENTS_MAX);
	world_done(&w);
}

static void without_ttrpc_containerds_program_is_called(void **state UNUSED)
{
	static const char script[] =
		"#!/bin/sh\necho \"$*\" >\"${0%/*}/out\"; wc -c >>\"${0%/*}/out\"\n";
	autofree char *out = NULL;
	struct world w;

	world_init(&w, true);
	assert_int_equal(file_replace_at(w.dirfd, "containerd", script, sizeof(script) - 1, 0755,
					 FILE_NO_SYNC, NULL),
			 0);
	tell(&w, MSG_EVENT_START, 1);
	for (int i = 0; i < 100 && !publisher_is_empty(&w.p); i++)
		(void)loop_once(&w.loop, 100, NULL);
	assert_true(publisher_is_empty(&w.p));
	assert_int_equal(file_read_at(w.dirfd, "out", 4096, &out, NULL, NULL), 0);
	/* Any: the name of the type and a message of seven bytes, each with two bytes before. */
	assert_string_equal(out,
			    "--address /grpc publish --topic /tasks/start --namespace ns\n38\n");
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_their_order),
		cmocka_unit_test(what_happens_while_containerd_is_away_is_told_when_it_is_back),
		cmocka_unit_test(an_event_that_is_refused_for_good_does_not_hold_up_the_next),
		cmocka_unit_test(a_refusal_that_passes_is_tried_again),
		cmocka_unit_test(the_queue_is_bounded_and_exits_outlive_oom_notices),
		cmocka_unit_test(without_ttrpc_containerds_program_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
