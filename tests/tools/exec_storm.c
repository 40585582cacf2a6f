/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many short-lived execs in one container of a shim, each with its own exit status:
 *
 *     exec_storm SOCKET CONTAINER PREFIX N
 *
 * One after the other: Exec, Start, Wait, Delete; ids begin with PREFIX.  A status that is not the
 * one the program ended with ends this one with 1.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/parse.h"
#include "shim/message/task.h"
#include "shim/ttrpc/client.h"

#define CALL_LIMIT_MS 60000
#define STATUS_COUNT  200

static const struct step {
	const char *method;
	const struct pb_message *request;
} steps[] = {
	{ "Exec", &msg_exec_request_message },
	{ "Start", &msg_process_request_message },
	{ "Wait", &msg_process_request_message },
	{ "Delete", &msg_process_request_message },
};
enum { STEP_EXEC, STEP_START, STEP_WAIT, STEP_DELETE };

struct storm {
	struct loop loop;
	struct ttrpc_client client;
	const char *container, *prefix;
	uint64_t i, n;
	size_t step;
	struct strbuf body;
};

static void ask(struct storm *s)
{
	char id[64], spec[256];
	struct err e = { 0 };

	(void)snprintf(id, sizeof(id), "%s-%" PRIu64, s->prefix, s->i);
	(void)snprintf(spec, sizeof(spec),
		       "{\"user\":{\"uid\":0,\"gid\":0},\"cwd\":\"/\",\"env\":[\"PATH=/bin\"],"
		       "\"args\":[\"/bin/sh\",\"-c\",\"exit %d\"]}",
		       (int)(s->i % STATUS_COUNT));
	strbuf_done(&s->body);
	if (s->step == STEP_EXEC) {
		struct msg_any any = {
			.type_url = "types.containerd.io/opencontainers/runtime-spec/1/Process",
			.value = { (const uint8_t *)spec, strlen(spec) }
		};
		struct msg_exec_request r = { .id = s->container, .exec_id = id, .spec = &any };

		pb_encode(steps[s->step].request, &r, &s->body);
	} else {
		struct msg_process_request r = { .id = s->container, .exec_id = id };

		pb_encode(steps[s->step].request, &r, &s->body);
	}
	if (ttrpc_client_call(
		    &s->client, MSG_TASK_V2, steps[s->step].method,
		    (struct pb_bytes){ (const uint8_t *)strbuf_str(&s->body), s->body.len },
		    CALL_LIMIT_MS, &e) < 0)
		errx(1, "%s", e.msg);
}

static void check_wait(const struct storm *s, struct pb_bytes payload)
{
	auto_(arena) struct arena a = { 0 };
	struct msg_wait_reply reply = { 0 };
	int64_t want = (int64_t)(s->i % STATUS_COUNT);

	if (pb_decode(&msg_wait_reply_message, payload.data, payload.len, &a, &reply, NULL) < 0)
		errx(1, "Wait: no reply that can be read");
	if (reply.exit_status.v != want)
		errx(1, "%s-%" PRIu64 ": exit status %" PRId64 ", not %" PRId64, s->prefix, s->i,
		     reply.exit_status.v, want);
}

static void on_answer(void *ctx, const struct ttrpc_outcome *o)
{
	struct storm *s = ctx;

	if (o->error || o->code != TTRPC_OK)
		errx(1, "%s %s-%" PRIu64 ": %s", steps[s->step].method, s->prefix, s->i,
		     o->message);
	if (s->step == STEP_WAIT)
		check_wait(s, o->payload);
	if (++s->step == ARRAY_LEN(steps)) {
		s->step = STEP_EXEC;
		s->i++;
	}
	if (s->i == s->n)
		loop_stop(&s->loop, 0);
	else
		ask(s);
}

int main(int argc, char **argv)
{
	struct storm s = { 0 };
	struct err e = { 0 };

	if (argc != 5 || parse_u64(argv[4], &s.n) < 0 || s.n == 0)
		errx(2, "usage: exec_storm SOCKET CONTAINER PREFIX N");
	s.container = argv[2];
	s.prefix = argv[3];
	if (loop_init(&s.loop, &e) < 0)
		errx(2, "%s", e.msg);
	ttrpc_client_init(&s.client, &s.loop, argv[1], on_answer, &s);
	ask(&s);
	(void)loop_run(&s.loop, NULL);
	ttrpc_client_done(&s.client);
	loop_done(&s.loop);
	strbuf_done(&s.body);
	printf("%" PRIu64 " execs\n", s.n);
	return 0;
}
