/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's side of a shim, for tests: what is asked and what comes back as
 * words and lines (message_text.h).
 *
 *     ttrpc_client call SOCKET METHOD [WORD...]     of task.v2; "v3:METHOD" of task.v3, or
 *                                                   "SERVICE:METHOD"; exit status 1 on a refusal
 *     ttrpc_client many SOCKET N METHOD [WORD...]   N times on one connection, answers counted
 *     ttrpc_client script SOCKET                    calls from standard input, a line each
 *     ttrpc_client events SOCKET                    serves events: prints a line each, for ever
 *     ttrpc_client raw SOCKET [=N] HEX...           sends bytes, prints N frames and what is more
 *     ttrpc_client hold SOCKET N METHOD [WORD...]   N idle connections, then the call on another
 *     ttrpc_client encode TYPE [WORD...]            to standard output
 *     ttrpc_client decode TYPE                      from standard input
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/strv.h"
#include "shim/message/events.h"
#include "shim/message/task.h"
#include "shim/ttrpc/client.h"
#include "shim/ttrpc/message.h"
#include "shim/ttrpc/server.h"
#include "tests/tools/message_text.h"

#define CALL_LIMIT_MS 60000
#define QUIET_MS      1000
#define INPUT_MAX     ((size_t)8 << 20)

static const struct method {
	const char *name;
	const struct pb_message *request, *reply;
} methods[] = {
#define X(method, request, reply) { #method, &msg_##request##_message, &msg_##reply##_message },
	MSG_TASK_METHODS(X)
#undef X
};

struct asked {
	struct loop loop;
	struct ttrpc_client client;
	const char *service, *name;
	char *own;                   /* the service, when it is neither of Task's */
	const struct method *method; /* NULL: nobody knows its messages */
	struct pb_bytes payload;
	long left; /* calls still to be made */
	long good;
	int status;
};

static void complain(const struct ttrpc_outcome *o)
{
	if (o->error)
		(void)fprintf(stderr, "no answer: %s\n", o->message);
	else
		(void)fprintf(stderr, "%s: %s\n", ttrpc_code_name(o->code), o->message);
}

static void print_reply(const struct asked *k, struct pb_bytes payload)
{
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	void *reply;

	if (!k->method)
		return;
	reply = arena_alloc(&a, 1, k->method->reply->size);
	if (payload.len &&
	    pb_decode(k->method->reply, payload.data, payload.len, &a, reply, &e) < 0)
		errx(2, "%s", e.msg);
	message_print(k->method->reply, reply, "");
}

static void ask(struct asked *k)
{
	struct err e = { 0 };

	k->left--;
	if (ttrpc_client_call(&k->client, k->service, k->name, k->payload, CALL_LIMIT_MS, &e) < 0)
		errx(1, "%s", e.msg);
}

static void on_answer(void *ctx, const struct ttrpc_outcome *o)
{
	struct asked *k = ctx;

	if (o->error || o->code != TTRPC_OK) {
		complain(o);
		k->status = 1;
	} else {
		k->good++;
		if (k->left == 0)
			print_reply(k, o->payload);
	}
	if (k->left > 0 && !o->error)
		ask(k);
	else
		loop_stop(&k->loop, k->status);
}

/* "v3:Create", "SERVICE:METHOD", "Create". */
static void choose(struct asked *k, const char *text)
{
	const char *colon = strchr(text, ':');

	k->service = MSG_TASK_V2;
	k->name = colon ? colon + 1 : text;
	if (colon && starts_with(text, "v3:"))
		k->service = MSG_TASK_V3;
	else if (colon)
		k->service = k->own = xstrndup(text, (size_t)(colon - text));
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (streq(methods[i].name, k->name))
			k->method = &methods[i];
}

static void open_client(struct asked *k, const char *path)
{
	struct err e = { 0 };

	if (loop_init(&k->loop, &e) < 0)
		errx(2, "%s", e.msg);
	ttrpc_client_init(&k->client, &k->loop, path, on_answer, k);
}

static void close_client(struct asked *k)
{
	ttrpc_client_done(&k->client);
	loop_done(&k->loop);
}

/* One call, n times; argv is METHOD WORD... */
static int ask_all(struct asked *k, long n, char **argv)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf body = { 0 };

	k->left = n;
	k->method = NULL;
	k->payload = (struct pb_bytes){ 0 };
	choose(k, argv[0]);
	if (k->method) {
		void *request = arena_alloc(&a, 1, k->method->request->size);

		for (char **word = argv + 1; *word; word++)
			message_set(k->method->request, request, *word, &a);
		pb_encode(k->method->request, request, &body);
		k->payload = (struct pb_bytes){ (const uint8_t *)strbuf_str(&body), body.len };
	}
	ask(k);
	(void)loop_run(&k->loop, NULL);
	free(steal_ptr(&k->own));
	return k->status;
}

static int call(const char *path, long n, char **argv)
{
	struct asked k = { 0 };

	open_client(&k, path);
	(void)ask_all(&k, n, argv);
	close_client(&k);
	if (n > 1)
		(void)printf("%ld of %ld\n", k.good, n);
	return k.status;
}

/* Calls from standard input, a line each, on one connection, until one is refused. */
static int script(const char *path)
{
	autofree char *line = NULL;
	struct asked k = { 0 };
	size_t size = 0;

	open_client(&k, path);
	while (k.status == 0 && getline(&line, &size, stdin) > 0) {
		auto_(strv) struct strv words = { 0 };

		line[strcspn(line, "\n")] = '\0';
		strv_split(&words, line, ' ', true);
		if (words.n > 0 && ask_all(&k, 1, words.v) != 0)
			(void)fprintf(stderr, "after %ld good answers: %s\n", k.good, line);
	}
	close_client(&k);
	return k.status;
}

/* ---- events ---- */

static void on_event(void *ctx UNUSED, struct ttrpc_call *c, const void *request)
{
	const struct msg_envelope *v = ((const struct msg_forward_request *)request)->envelope;

	(void)printf("%s %s\n", v->topic, v->namespace_name);
	message_print(&msg_any_message, v->event, "  ");
	(void)fflush(stdout);
	ttrpc_reply(c, &(struct msg_empty){ 0 });
}

static int serve_events(const char *path)
{
	static const struct ttrpc_method method[] = {
		{ MSG_EVENTS_METHOD, &msg_forward_request_message, &msg_empty_message, on_event },
	};
	static const struct ttrpc_service service = { MSG_EVENTS_SERVICE, method, 1 };
	autofree char *dir = path_parent(path);
	autofd int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct ttrpc_server s;
	struct err e = { 0 };
	struct loop l;
	int fd;

	(void)unlink(path);
	fd = fd_unix_listen_at(dirfd, path_base(path), SOCK_STREAM, 0600, &e);
	if (fd < 0 || loop_init(&l, &e) < 0 ||
	    ttrpc_server_init(&s, &l, fd, &service, 1, NULL, &e) < 0 || loop_run(&l, &e) < 0)
		errx(2, "%s", e.msg);
	return 0;
}

/* ---- raw ---- */

static void send_hex(int fd, const char *hex)
{
	for (; hex[0] && hex[1]; hex += 2) {
		char two[3] = { hex[0], hex[1], '\0' };
		uint8_t byte = (uint8_t)strtoul(two, NULL, 16);

		if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
			err(1, "send");
	}
}

static void print_frame(const struct ttrpc_header *h, const uint8_t *data)
{
	auto_(arena) struct arena a = { 0 };
	struct ttrpc_response r = { 0 };

	if (pb_decode(&ttrpc_response_message, data, h->length, &a, &r, NULL) < 0)
		errx(1, "a frame that is no response");
	(void)printf("stream %" PRIu32 " type %d: %s: %s\n", h->stream, h->type,
		     ttrpc_code_name(r.status ? r.status->code.v : 0),
		     r.status && r.status->message ? r.status->message : "");
}

static int raw(const char *path, char **hex)
{
	struct ttrpc_wire w = { .fd = ttrpc_connect(path, NULL) };
	struct ttrpc_header h;
	const uint8_t *data;
	long left = 0;

	if (w.fd < 0)
		errx(1, "cannot connect to '%s'", path);
	if (*hex && **hex == '=')
		left = strtol(*hex++ + 1, NULL, 10);
	for (; *hex; hex++)
		send_hex(w.fd, *hex);
	for (;;) {
		struct pollfd p = { .fd = w.fd, .events = POLLIN };

		if (poll(&p, 1, left > 0 ? CALL_LIMIT_MS : QUIET_MS) <= 0)
			break;
		if (ttrpc_wire_read(&w) <= 0) {
			(void)printf("closed\n");
			break;
		}
		for (; ttrpc_wire_next(&w, &h, &data); left--)
			print_frame(&h, data);
		ttrpc_wire_settle(&w);
	}
	ttrpc_wire_done(&w);
	return 0;
}

static int hold(const char *path, long n, char **argv)
{
	for (long i = 0; i < n; i++)
		if (ttrpc_connect(path, NULL) < 0)
			errx(1, "connection %ld failed", i);
	return call(path, 1, argv);
}

/* ---- messages alone ---- */

static const struct pb_message *type_of(const char *name)
{
	const struct pb_message *m = message_type(name);

	if (!m)
		errx(2, "no message is called '%s' here", name);
	return m;
}

static int encode(const struct pb_message *m, char **words)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	void *object = arena_alloc(&a, 1, m->size);

	for (; *words; words++)
		message_set(m, object, *words, &a);
	pb_encode(m, object, &out);
	return file_write_all(STDOUT_FILENO, strbuf_str(&out), out.len, NULL) < 0;
}

static int decode(const struct pb_message *m)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *data = NULL;
	void *object = arena_alloc(&a, 1, m->size);
	struct err e = { 0 };
	size_t len = 0;

	if (file_read_fd(STDIN_FILENO, "standard input", INPUT_MAX, &data, &len, &e) < 0 ||
	    pb_decode(m, data ? data : "", len, &a, object, &e) < 0)
		errx(1, "%s", e.msg);
	message_print(m, object, "");
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc > 3 && streq(verb, "call"))
		return call(argv[2], 1, argv + 3);
	if (argc > 4 && streq(verb, "many"))
		return call(argv[2], strtol(argv[3], NULL, 10), argv + 4);
	if (argc > 4 && streq(verb, "hold"))
		return hold(argv[2], strtol(argv[3], NULL, 10), argv + 4);
	if (argc > 2 && streq(verb, "script"))
		return script(argv[2]);
	if (argc > 2 && streq(verb, "events"))
		return serve_events(argv[2]);
	if (argc > 3 && streq(verb, "raw"))
		return raw(argv[2], argv + 3);
	if (argc > 2 && streq(verb, "encode"))
		return encode(type_of(argv[2]), argv + 3);
	if (argc > 2 && streq(verb, "decode"))
		return decode(type_of(argv[2]));
	errx(2, "usage: see the head of ttrpc_client.c");
}
