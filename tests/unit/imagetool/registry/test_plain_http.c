/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/plain_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"

#define TRIES 100

/* Takes one connection, reads to the end of what would be headers, and says `answer`. */
struct server {
	int fd;
	unsigned port;
	const char *answer; /* NULL: stays silent until the client goes */
	char heard[512];
	size_t n_heard;
	pthread_t thread;
};

static void *serve(void *server)
{
	struct server *s = server;
	autofd int fd = accept(s->fd, NULL, NULL);
	ssize_t n;

	while (fd >= 0 && (!s->answer || !memmem(s->heard, s->n_heard, "\r\n\r\n", 4)) &&
	       (n = read(fd, s->heard + s->n_heard, sizeof(s->heard) - s->n_heard)) > 0)
		s->n_heard += (size_t)n;
	if (fd >= 0 && s->answer)
		(void)!write(fd, s->answer, strlen(s->answer));
	return NULL;
}

static void start(struct server *s, const char *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	*s = (struct server){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
			      .answer = answer };
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
	s->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
	(void)pthread_join(s->thread, NULL);
	(void)close(s->fd);
}

static bool is_spoken(const char *host, unsigned port, int wakefd)
{
	autofree char *authority = xasprintf("%s:%u", host, port);

	return plain_http_is_spoken(authority, wakefd);
}

/* Nobody waits long for the answer: where others use the machine one of many comes in time. */
static bool is_found(struct server *s, const char *host, const char *answer)
{
	bool found = false;

	for (int i = 0; i < TRIES && !found; i++) {
		start(s, answer);
		found = is_spoken(host, s->port, -1);
		stop(s);
	}
	return found;
}

static void an_answer_in_http_settles_it(void **state UNUSED)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct server s;

		assert_true(is_found(&s, hosts[i], "HTTP/1.1 400 Bad Request\r\n\r\n"));
	}
}

static void every_other_answer_settles_nothing(void **state UNUSED)
{
	static const char *const answers[] = { "\x15\x03\x01",
					       "\x15\x03\x03\x01\x02\x02\x28",
					       "\x16\x03\x03\x01\x01",
					       "HTT",
					       "http/1.1 400 no",
					       "220 mail",
					       "" };

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct server s;

		start(&s, answers[i]);
		assert_false(is_spoken("127.0.0.1", s.port, -1));
		stop(&s);
	}
}

/* No credentials, no request, no name: a record with a ClientHello and nothing behind it. */
static void only_a_greeting_is_sent(void **state UNUSED)
{
	struct server s;

	assert_true(is_found(&s, "127.0.0.1", "HTTP/1.0 400 Bad Request\r\n\r\n"));
	assert_true(s.n_heard > 9);
	assert_memory_equal(s.heard, "\x16\x03\x01\x00", 4);
	assert_int_equal(s.heard[4], s.n_heard - 5);
	assert_memory_equal(s.heard + 5, "\x01\x00\x00", 3);
	assert_int_equal(s.heard[8], s.n_heard - 9);
}

/* Milliseconds until it has given up a server that is silent. */
static long patience(int wakefd)
{
	struct timespec before, after;
	struct server s;

	start(&s, NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	assert_false(is_spoken("127.0.0.1", s.port, wakefd));
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	/* A thread that saw no connection would wait for one. */
	(void)shutdown(s.fd, SHUT_RDWR);
	stop(&s);
	return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
}

static void silence_is_not_waited_for_long_and_not_at_all_after_a_signal(void **state UNUSED)
{
	bool at_once = false;
	struct server s;
	int wake[2];

	start(&s, NULL);
	assert_false(is_spoken("127.0.0.1", s.port, -1));
	stop(&s);
	assert_int_equal(pipe(wake), 0);
	assert_int_equal(write(wake[1], "x", 1), 1);
	/* Who waited would never be as fast. */
	for (int i = 0; i < TRIES && !at_once; i++)
		at_once = patience(wake[0]) < 200;
	assert_true(at_once);
	(void)close(wake[0]);
	(void)close(wake[1]);
}

static void nobody_else_is_asked(void **state UNUSED)
{
	static const char *const others[] = { "192.0.2.1:80",
					      "registry.invalid:80",
					      "127.0.0.1",
					      "127.0.0.1:",
					      "127.0.0.1:99999",
					      "localhost",
					      "[::1]",
					      "a.localhost:80",
					      ":80",
					      "127.0.0.1:8x0",
					      "" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(plain_http_is_spoken(others[i], -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_in_http_settles_it),
		cmocka_unit_test(every_other_answer_settles_nothing),
		cmocka_unit_test(only_a_greeting_is_sent),
		cmocka_unit_test(silence_is_not_waited_for_long_and_not_at_all_after_a_signal),
		cmocka_unit_test(nobody_else_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
