/* SPDX-License-Identifier: Apache-2.0 */
/* Clients for whom the output waits, over real sockets and a real loop. */
#include "shim/io/clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/fd.h"

#define BATCH ((size_t)64 << 10)

struct room {
	struct loop loop;
	struct input input;
	struct clients clients;
	char buffer[FRAME_INPUT_MAX];
	int caught_up;
	int reader; /* of the container's input */
};

static void on_caught_up(void *ctx)
{
	((struct room *)ctx)->caught_up++;
}

static void on_input_ready(void *ctx, bool ready)
{
	clients_want_input(&((struct room *)ctx)->clients, ready);
}

static int open_room(void **state)
{
	struct room *r = calloc(1, sizeof(*r));
	int p[2];

	assert_non_null(r);
	assert_int_equal(loop_init(&r->loop, NULL), 0);
	input_init(&r->input, &r->loop);
	r->input.ready = on_input_ready;
	r->input.ctx = r;
	clients_init(&r->clients, &r->loop, &r->input, r->buffer);
	r->clients.slow = CLIENTS_WAIT;
	r->clients.caught_up = on_caught_up;
	r->clients.ctx = r;
	r->clients.interactive = true;
	assert_int_equal(pipe(p), 0);
	r->reader = p[0];
	assert_int_equal(fd_set_nonblock(p[0], true, NULL), 0);
	assert_int_equal(input_open(&r->input, p[1], NULL), 0);
	*state = r;
	return 0;
}

static int close_room(void **state)
{
	struct room *r = *state;

	clients_done(&r->clients);
	input_done(&r->input);
	(void)close(r->reader);
	loop_done(&r->loop);
	free(r);
	return 0;
}

static int join(struct room *r)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(clients_add(&r->clients, pair[0], NULL), 0);
	return pair[1];
}

static void turn(struct room *r)
{
	while (loop_once(&r->loop, 0, NULL) > 0)
		;
}

/* Read packets until there are none; the bytes of a numbered stream have to come in order. */
static size_t read_all(struct room *r, int fd, size_t at)
{
	static char packet[FRAME_MAX];
	ssize_t n;

	for (;;) {
		while ((n = recv(fd, packet, sizeof(packet), 0)) > 0)
			for (ssize_t i = 1; i < n; i++, at++)
				assert_int_equal((unsigned char)packet[i], at % 251);
		if (n == 0 || loop_once(&r->loop, 0, NULL) <= 0)
			return at;
	}
}

static void send_batch(struct room *r, size_t at)
{
	static char data[BATCH];

	for (size_t i = 0; i < BATCH; i++)
		data[i] = (char)((at + i) % 251);
	clients_send(&r->clients, STREAM_STDOUT, data, BATCH, NULL);
}

static void a_slow_client_gets_every_byte_and_is_waited_for(void **state)
{
	struct room *r = *state;
	int slow = join(r), quick = join(r);
	size_t sent = 0, heard = 0, got = 0;

	while (!clients_are_behind(&r->clients)) {
		send_batch(r, sent);
		sent += BATCH;
		heard = read_all(r, quick, heard);
		assert_true(sent < 100 * BATCH);
	}
	/* What a container's pipe still held when it ended comes on top. */
	send_batch(r, sent);
	sent += BATCH;
	assert_int_equal(read_all(r, quick, heard), sent);
	assert_int_equal(r->caught_up, 0);
	got = read_all(r, slow, 0);
	turn(r);
	got = read_all(r, slow, got);
	assert_int_equal(got, sent);
	assert_int_equal(r->caught_up, 1);
	assert_false(clients_are_behind(&r->clients));
	(void)close(slow);
	(void)close(quick);
	turn(r);
	assert_int_equal(r->clients.n, 0);
}

static void nobody_waits_for_a_client_that_goes(void **state)
{
	struct room *r = *state;
	int slow = join(r);
	size_t sent = 0;

	for (; !clients_are_behind(&r->clients); sent += BATCH)
		send_batch(r, sent);
	(void)close(slow);
	turn(r);
	assert_int_equal(r->caught_up, 1);
	assert_int_equal(r->clients.n, 0);
}

static void nobody_waits_for_a_client_that_stops_reading_for_good(void **state)
{
	struct room *r = *state;
	int deaf = join(r);

	assert_int_equal(shutdown(deaf, SHUT_RD), 0);
	for (size_t i = 0; i < 8; i++)
		send_batch(r, 0);
	turn(r);
	assert_false(clients_are_behind(&r->clients));
	assert_int_equal(send(deaf, "still typing", 12, 0), 12);
	turn(r);
	assert_int_equal(read(r->reader, r->buffer, sizeof(r->buffer)), 12);
	(void)close(deaf);
}

static void what_a_client_sent_before_it_went_is_taken(void **state)
{
	struct room *r = *state;
	int quick = join(r);
	static char block[FRAME_INPUT_MAX];
	size_t sent = 0, got = 0;
	ssize_t n;

	r->clients.hangup_ends_input = true;
	/* More than the pipe holds. */
	while ((n = send(quick, block, sizeof(block), 0)) > 0) {
		sent += (size_t)n;
		turn(r);
	}
	(void)close(quick);
	turn(r);
	assert_true(sent > ((size_t)64 << 10));
	while ((n = read(r->reader, block, sizeof(block))) != 0) {
		if (n > 0)
			got += (size_t)n;
		turn(r);
	}
	assert_int_equal(got, sent);
	assert_int_equal(r->clients.n, 0);
}

static void input_for_a_terminal_that_is_still_to_come_is_kept(void **state)
{
	struct room *r = *state;
	int early = join(r), p[2];

	input_close(&r->input);
	r->input.awaited = true;
	clients_want_input(&r->clients, false);
	assert_int_equal(send(early, "first", 5, 0), 5);
	turn(r);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(input_open(&r->input, p[1], NULL), 0);
	turn(r);
	assert_int_equal(read(p[0], r->buffer, sizeof(r->buffer)), 5);
	(void)close(p[0]);
	(void)close(early);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
	const struct CMUnitTest tests[] = {
		IN_ROOM(a_slow_client_gets_every_byte_and_is_waited_for),
		IN_ROOM(nobody_waits_for_a_client_that_goes),
		IN_ROOM(nobody_waits_for_a_client_that_stops_reading_for_good),
		IN_ROOM(what_a_client_sent_before_it_went_is_taken),
		IN_ROOM(input_for_a_terminal_that_is_still_to_come_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
