/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/ttrpc/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/fd.h"
#include "shim/ttrpc/client.h"
#include "shim/ttrpc/message.h"

#define NS_PER_MS INT64_C(1000000)

struct text {
	const char *text;
};
static const struct pb_field text_rows[] = { PB_FIELD(struct text, text, 1, PB_STRING) };
static const struct pb_message text_message = PB_MESSAGE_TYPE("text", struct text, text_rows);

/* A server in a directory of its own. */
struct world {
	char dir[32], path[48];
	struct loop loop;
	struct ttrpc_server server;
	struct ttrpc_call *waiting[4];
	size_t n_waiting, n_gone;
};

static void echo(void *ctx UNUSED, struct ttrpc_call *call, const void *request)
{
	ttrpc_reply(call, request);
}

static void wait_long(void *ctx, struct ttrpc_call *call, const void *request UNUSED)
{
	struct world *w = ctx;

	w->waiting[w->n_waiting++] = call;
}

static void note_gone(void *ctx, struct ttrpc_call *call UNUSED)
{
	((struct world *)ctx)->n_gone++;
}

static void watch(void *ctx, struct ttrpc_call *call, const void *request)
{
	wait_long(ctx, call, request);
	ttrpc_call_watch(call, note_gone, ctx);
}

static void refuse(void *ctx UNUSED, struct ttrpc_call *call, const void *request)
{
	ttrpc_fail(call, TTRPC_NOT_FOUND, "no '%s'", ((const struct text *)request)->text);
}

/* A megabyte for nothing. */
static void shout(void *ctx UNUSED, struct ttrpc_call *call, const void *request UNUSED)
{
	autofree char *big = xcalloc(1, (1 << 20) + 1);

	memset(big, 'x', 1 << 20);
	ttrpc_reply(call, &(struct text){ big });
}

static const struct ttrpc_method methods[] = {
	{ "Echo", &text_message, &text_message, echo },
	{ "Wait", &text_message, &text_message, wait_long },
	{ "Watch", &text_message, &text_message, watch },
	{ "Fail", &text_message, &text_message, refuse },
	{ "Shout", &text_message, &text_message, shout },
};
static const struct ttrpc_service services[] = { { "S", methods, ARRAY_LEN(methods) } };

static void world_init(struct world *w)
{
	autofd int dirfd = -1;
	int fd;

	*w = (struct world){ .dir = "/tmp/ttrpc.XXXXXX" };
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/s", w->dir);
	dirfd = open(w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = fd_unix_listen_at(dirfd, "s", SOCK_STREAM, 0600, NULL);
	assert_true(fd >= 0);
	assert_int_equal(loop_init(&w->loop, NULL), 0);
	assert_int_equal(ttrpc_server_init(&w->server, &w->loop, fd, services, 1, w, NULL), 0);
}

static void world_done(struct world *w)
{
	ttrpc_server_done(&w->server);
	loop_done(&w->loop);
	(void)unlink(w->path);
	(void)rmdir(w->dir);
}

/* Let the server do all it can do now. */
static void settle(struct world *w)
{
	while (loop_once(&w->loop, 0, NULL) > 0)
		;
}

static int dial(const struct world *w)
{
	int fd = ttrpc_connect(w->path, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void put(int fd, const void *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

static void ask(int fd, uint32_t stream, const char *method, const char *text, int64_t timeout_ms)
{
	auto_(strbuf) struct strbuf body = { 0 }, out = { 0 };
	struct ttrpc_request q = { .service = "S",
				   .method = method,
				   .timeout_nano = pb_set(timeout_ms * NS_PER_MS) };

	pb_encode(&text_message, &(struct text){ text }, &body);
	q.payload = (struct pb_bytes){ (const uint8_t *)body.data, body.len };
	assert_true(ttrpc_add_frame(&out, TTRPC_REQUEST, stream, &ttrpc_request_message, &q));
	put(fd, out.data, out.len);
}

/* The next answer: "STREAM CODE TEXT", "" when there is none, "closed". */
static const char *answer(int fd, char buf[128])
{
	auto_(arena) struct arena a = { 0 };
	uint8_t raw[TTRPC_HEADER_SIZE], data[1024];
	struct ttrpc_response r = { 0 };
	struct ttrpc_header h;
	struct text t = { 0 };
	ssize_t n = recv(fd, raw, sizeof(raw), MSG_DONTWAIT);

	buf[0] = '\0';
	if (n <= 0)
		return n == 0 || errno != EAGAIN ? "closed" : "";
	assert_int_equal(n, sizeof(raw));
	ttrpc_header_read(raw, &h);
	assert_int_equal(h.type, TTRPC_RESPONSE);
	assert_true(h.length <= sizeof(data));
	if (h.length)
		assert_int_equal(recv(fd, data, h.length, MSG_DONTWAIT | MSG_WAITALL), h.length);
	assert_int_equal(pb_decode(&ttrpc_response_message, data, h.length, &a, &r, NULL), 0);
	if (r.payload.len)
		assert_int_equal(
			pb_decode(&text_message, r.payload.data, r.payload.len, &a, &t, NULL), 0);
	(void)snprintf(buf, 128, "%u %d %s", h.stream, r.status ? (int)r.status->code.v : 0,
		       r.status ? r.status->message
		       : t.text ? t.text
				: "");
	return buf;
}

static void a_call_is_answered(void **state UNUSED)
{
	struct world w;
	char buf[128];
	int fd;

	world_init(&w);
	fd = dial(&w);
	ask(fd, 1, "Echo", "hello", 0);
	ask(fd, 3, "Fail", "him", 0);
	ask(fd, 5, "Nothing", "", 0);
	settle(&w);
	assert_string_equal(answer(fd, buf), "1 0 hello");
	assert_string_equal(answer(fd, buf), "3 5 no 'him'");
	assert_string_equal(answer(fd, buf), "5 12 method 'Nothing'");
	assert_string_equal(answer(fd, buf), "");
	(void)close(fd);
	world_done(&w);
}

static void a_call_that_waits_holds_up_nobody(void **state UNUSED)
{
	struct world w;
	char buf[128];
	int fd;

	world_init(&w);
	fd = dial(&w);
	ask(fd, 1, "Wait", "", 0);
	for (uint32_t i = 0; i < 100; i++) {
		ask(fd, 3 + 2 * i, "Echo", "on", 0);
		settle(&w);
		assert_non_null(strstr(answer(fd, buf), " 0 on"));
	}
	ttrpc_reply(w.waiting[0], &(struct text){ "done" });
	assert_string_equal(answer(fd, buf), "1 0 done");
	(void)close(fd);
	world_done(&w);
}

static void a_call_outlives_its_connection(void **state UNUSED)
{
	struct world w;
	char buf[128];
	int one, two;

	world_init(&w);
	one = dial(&w);
	two = dial(&w);
	ask(one, 1, "Wait", "", 0);
	ask(one, 3, "Watch", "", 0);
	ask(two, 1, "Wait", "", 0);
	settle(&w);
	assert_int_equal(w.n_waiting, 3);
	(void)close(one);
	settle(&w);
	assert_int_equal(w.n_gone, 1);
	assert_int_equal(w.server.n_conns, 1);
	ttrpc_reply(w.waiting[0], &(struct text){ "for nobody" });
	ttrpc_fail(w.waiting[2], TTRPC_UNKNOWN, "still here");
	assert_string_equal(answer(two, buf), "1 2 still here");
	(void)close(two);
	world_done(&w);
}

static void the_time_a_caller_gives_is_kept(void **state UNUSED)
{
	struct world w;
	char buf[128];
	int fd, told = 0;

	world_init(&w);
	fd = dial(&w);
	ask(fd, 1, "Watch", "", 60000);
	ask(fd, 3, "Wait", "", 20);
	ask(fd, 5, "Watch", "", 30);
	settle(&w);
	for (int i = 0; i < 50 && w.n_gone < 1; i++)
		assert_true(loop_once(&w.loop, 1000, NULL) >= 0);
	/* When both are over before anybody looks, either may be told first. */
	for (int i = 0; i < 2; i++) {
		const char *text = answer(fd, buf);

		told |= *text == '3' ? 1 : 2;
		assert_string_equal(text + 1, " 4 the time that the caller gave is up");
	}
	assert_int_equal(told, 3);
	assert_int_equal(w.n_gone, 1);
	/* Who answers too late is not told. */
	ttrpc_reply(w.waiting[1], &(struct text){ "late" });
	assert_string_equal(answer(fd, buf), "");
	(void)close(fd);
	world_done(&w);
	assert_int_equal(w.n_gone, 2);
}

static void wrong_frames_are_answered_and_the_connection_goes_on(void **state UNUSED)
{
	static const uint8_t even[] = { 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 'x' };
	static const uint8_t unknown[] = { 0, 0, 0, 1, 0, 0, 0, 3, 77, 0, 'x' };
	static const uint8_t garbage[] = { 0, 0, 0, 1, 0, 0, 0, 3, 1, 0, 0xff };
	static const uint8_t empty[] = { 0, 0, 0, 0, 0, 0, 0, 5, 1, 0 };
	struct world w;
	char buf[128];
	int fd;

	world_init(&w);
	fd = dial(&w);
	put(fd, even, sizeof(even));
	put(fd, unknown, sizeof(unknown));
	put(fd, garbage, sizeof(garbage));
	put(fd, empty, sizeof(empty));
	ask(fd, 7, "Echo", "alive", 0);
	settle(&w);
	assert_string_equal(answer(fd, buf), "2 3 a client's stream has an odd number");
	assert_string_equal(answer(fd, buf), "3 3 Request: ends in the middle of a number");
	assert_string_equal(answer(fd, buf), "5 12 service ''");
	assert_string_equal(answer(fd, buf), "7 0 alive");
	(void)close(fd);
	world_done(&w);
}

static void too_long_a_request_is_skipped(void **state UNUSED)
{
	static const uint8_t head[] = { 0, 0x40, 0, 1, 0, 0, 0, 1, 1, 0 };
	static char block[8192];
	size_t left = TTRPC_DATA_MAX + 1;
	struct world w;
	char buf[128];
	int fd;

	world_init(&w);
	fd = dial(&w);
	put(fd, head, sizeof(head));
	settle(&w);
	assert_string_equal(answer(fd, buf), "1 8 the message is longer than the limit of 4 MiB");
	while (left) {
		size_t n = left < sizeof(block) ? left : sizeof(block);

		put(fd, block, n);
		left -= n;
		settle(&w);
	}
	ask(fd, 1, "Echo", "alive", 0);
	settle(&w);
	assert_string_equal(answer(fd, buf), "1 0 alive");
	(void)close(fd);
	world_done(&w);
}

static void a_request_may_come_byte_by_byte(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct ttrpc_request q = { .service = "S", .method = "Echo" };
	struct world w;
	char buf[128];
	int fd;

	world_init(&w);
	fd = dial(&w);
	assert_true(ttrpc_add_frame(&out, TTRPC_REQUEST, 1, &ttrpc_request_message, &q));
	for (size_t i = 0; i < out.len; i++) {
		assert_string_equal(answer(fd, buf), "");
		put(fd, out.data + i, 1);
		settle(&w);
	}
	assert_string_equal(answer(fd, buf), "1 0 ");
	(void)close(fd);
	world_done(&w);
}

/* What a client does not read is held up to a limit, then the client is not read from: the rest of
 * its requests stays in its socket. */
static void who_does_not_read_is_not_served(void **state UNUSED)
{
	static char block[1 << 16];
	size_t total = 0;
	struct world w;
	int fd;

	world_init(&w);
	fd = dial(&w);
	for (uint32_t i = 0; i < 10; i++)
		ask(fd, 1 + 2 * i, "Shout", "", 0);
	settle(&w);
	assert_false(ttrpc_server_is_flushed(&w.server));
	for (;;) {
		ssize_t n = recv(fd, block, sizeof(block), MSG_DONTWAIT);

		assert_true(n > 0);
		total += (size_t)n;
		if (total > 10 << 20)
			break;
		settle(&w);
	}
	assert_true(ttrpc_server_is_flushed(&w.server));
	/* One that leaves without having read. */
	ask(fd, 101, "Shout", "", 0);
	settle(&w);
	(void)close(fd);
	settle(&w);
	assert_int_equal(w.server.n_conns, 0);
	world_done(&w);
}

static void a_flood_of_connections_is_turned_away(void **state UNUSED)
{
	int fds[TTRPC_CONNECTIONS_MAX + 8];
	struct world w;
	char buf[128];

	world_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dial(&w);
		settle(&w);
	}
	assert_int_equal(w.server.n_conns, TTRPC_CONNECTIONS_MAX);
	assert_string_equal(answer(fds[TTRPC_CONNECTIONS_MAX], buf), "closed");
	ask(fds[0], 1, "Echo", "alive", 0);
	settle(&w);
	assert_string_equal(answer(fds[0], buf), "1 0 alive");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	settle(&w);
	assert_int_equal(w.server.n_conns, 0);
	world_done(&w);
}

/* Who may open the socket is decided by its mode; who is heard is not. */
static int as_another_user(const struct world *w)
{
	struct pollfd ready = { .events = POLLIN };
	char buf[128];
	int fd;

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 3;
	fd = ttrpc_connect(w->path, NULL);
	if (fd < 0)
		return 2;
	ready.fd = fd;
	(void)poll(&ready, 1, 10000);
	return recv(fd, buf, sizeof(buf), 0) == 0 ? 0 : 1;
}

static void another_user_is_not_heard(void **state UNUSED)
{
	struct world w;
	int status = -1;
	pid_t child;

	if (geteuid() != 0)
		skip();
	world_init(&w);
	assert_int_equal(chmod(w.dir, 0755), 0);
	assert_int_equal(chmod(w.path, 0666), 0);
	child = fork();
	if (child == 0)
		_exit(as_another_user(&w));
	while (waitpid(child, &status, WNOHANG) == 0)
		assert_true(loop_once(&w.loop, 20, NULL) >= 0);
	assert_int_equal(status, 0);
	assert_int_equal(w.server.n_conns, 0);
	world_done(&w);
}

/* ---- the client against it ---- */

struct asker {
	struct ttrpc_client client;
	char last[128];
	int n;
};

static void on_done(void *ctx, const struct ttrpc_outcome *o)
{
	auto_(arena) struct arena a = { 0 };
	struct asker *k = ctx;
	struct text t = { 0 };

	if (o->payload.len)
		assert_int_equal(
			pb_decode(&text_message, o->payload.data, o->payload.len, &a, &t, NULL), 0);
	(void)snprintf(k->last, sizeof(k->last), "%d %d %s%s", o->error, (int)o->code, o->message,
		       t.text ? t.text : "");
	k->n++;
}

static int call(struct asker *k, const char *method, const char *text, int timeout_ms)
{
	auto_(strbuf) struct strbuf body = { 0 };

	pb_encode(&text_message, &(struct text){ text }, &body);
	return ttrpc_client_call(&k->client, "S", method,
				 (struct pb_bytes){ (const uint8_t *)body.data, body.len },
				 timeout_ms, NULL);
}

static void a_client_asks_in_turn(void **state UNUSED)
{
	struct asker k = { 0 };
	struct world w;

	world_init(&w);
	ttrpc_client_init(&k.client, &w.loop, w.path, on_done, &k);
	assert_int_equal(call(&k, "Echo", "one", 5000), 0);
	assert_int_equal(call(&k, "Echo", "two", 5000), -EBUSY);
	settle(&w);
	assert_string_equal(k.last, "0 0 one");
	assert_int_equal(call(&k, "Fail", "two", 5000), 0);
	settle(&w);
	assert_string_equal(k.last, "0 5 no 'two'");
	assert_int_equal(w.server.n_conns, 1);
	ttrpc_client_done(&k.client);
	world_done(&w);
}

static void a_client_gives_up_and_connects_anew(void **state UNUSED)
{
	struct asker k = { 0 };
	struct world w;

	world_init(&w);
	ttrpc_client_init(&k.client, &w.loop, w.path, on_done, &k);
	assert_int_equal(call(&k, "Wait", "", 20), 0);
	for (int i = 0; i < 50 && k.n == 0; i++)
		assert_true(loop_once(&w.loop, 1000, NULL) >= 0);
	assert_string_equal(k.last, "-110 0 Connection timed out");
	ttrpc_reply(w.waiting[0], &(struct text){ "late" });
	assert_int_equal(call(&k, "Echo", "again", 5000), 0);
	settle(&w);
	assert_string_equal(k.last, "0 0 again");
	ttrpc_client_done(&k.client);
	world_done(&w);
}

static void a_client_notices_that_the_server_is_gone(void **state UNUSED)
{
	struct asker k = { 0 };
	struct world w;

	world_init(&w);
	ttrpc_client_init(&k.client, &w.loop, w.path, on_done, &k);
	assert_int_equal(call(&k, "Watch", "", 5000), 0);
	settle(&w);
	ttrpc_server_done(&w.server);
	(void)unlink(w.path);
	settle(&w);
	assert_string_equal(k.last, "-104 0 Connection reset by peer");
	assert_int_equal(call(&k, "Echo", "", 5000), -ENOENT);
	assert_int_equal(k.n, 1);
	ttrpc_client_done(&k.client);
	loop_done(&w.loop);
	(void)rmdir(w.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_answered),
		cmocka_unit_test(a_call_that_waits_holds_up_nobody),
		cmocka_unit_test(a_call_outlives_its_connection),
		cmocka_unit_test(the_time_a_caller_gives_is_kept),
		cmocka_unit_test(wrong_frames_are_answered_and_the_connection_goes_on),
		cmocka_unit_test(too_long_a_request_is_skipped),
		cmocka_unit_test(a_request_may_come_byte_by_byte),
		cmocka_unit_test(who_does_not_read_is_not_served),
		cmocka_unit_test(a_flood_of_connections_is_turned_away),
		cmocka_unit_test(another_user_is_not_heard),
		cmocka_unit_test(a_client_asks_in_turn),
		cmocka_unit_test(a_client_gives_up_and_connects_anew),
		cmocka_unit_test(a_client_notices_that_the_server_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
