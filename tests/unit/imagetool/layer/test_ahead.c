/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/ahead.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Gives `total` bytes that count up, then the end or a failure. */
struct source {
	size_t at, total;
	int end;
	size_t passed; /* bytes that came by in the right order */
};

static int fill(void *ctx, uint8_t *buf, size_t size, struct err *e)
{
	struct source *s = ctx;
	size_t n = s->total - s->at < size / 3 ? s->total - s->at : size / 3;

	if (n == 0)
		return s->end ? err_set(e, -s->end, "the source is broken") : 0;
	for (size_t i = 0; i < n; i++)
		buf[i] = (uint8_t)((s->at + i) * 7);
	s->at += n;
	return (int)n;
}

static void pass(void *ctx, const uint8_t *buf, size_t len)
{
	struct source *s = ctx;
	size_t passed = s->passed;

	for (size_t i = 0; i < len && buf[i] == (uint8_t)(passed * 7); i++)
		passed++;
	__atomic_store_n(&s->passed, passed, __ATOMIC_RELAXED);
}

static void bytes_arrive_in_order_and_the_end_stays(void **state UNUSED)
{
	struct source s = { .total = 10 * AHEAD_BUFFER_SIZE + 5 };
	auto_(ahead) struct ahead *a = ahead_new(fill, pass, &s);
	const uint8_t *p;
	size_t at = 0;
	int r;

	while ((r = ahead_next(a, &p, NULL)) > 0) {
		assert_true(__atomic_load_n(&s.passed, __ATOMIC_RELAXED) >= at + (size_t)r);
		for (int i = 0; i < r; i++, at++)
			if (p[i] != (uint8_t)(at * 7))
				fail_msg("byte %zu differs", at);
	}
	assert_int_equal(r, 0);
	assert_int_equal(at, s.total);
	assert_int_equal(ahead_next(a, &p, NULL), 0);
}

/* The thread has nothing to do once its buffers are full. */
static void who_would_wait_passes_buffers_on(void **state UNUSED)
{
	struct source s = { .total = 100 * AHEAD_BUFFER_SIZE };
	struct ahead *a = ahead_new(fill, pass, &s);
	size_t passed = 0;

	for (int i = 0; i < 24000 && passed < AHEAD_BUFFERS * (AHEAD_BUFFER_SIZE / 3); i++) {
		(void)usleep(5000);
		passed = __atomic_load_n(&s.passed, __ATOMIC_RELAXED);
	}
	assert_int_equal(passed, AHEAD_BUFFERS * (AHEAD_BUFFER_SIZE / 3));
	ahead_free(a);
}

static void a_failure_comes_after_what_was_good(void **state UNUSED)
{
	struct source s = { .total = 100, .end = -EBADMSG };
	auto_(ahead) struct ahead *a = ahead_new(fill, pass, &s);
	struct err e = { 0 };
	const uint8_t *p;

	assert_int_equal(ahead_next(a, &p, &e), 100);
	assert_int_equal(ahead_next(a, &p, &e), -EBADMSG);
	assert_string_equal(e.msg, "the source is broken");
	err_clear(&e);
	assert_int_equal(ahead_next(a, &p, &e), -EBADMSG);
	assert_string_equal(e.msg, "the source is broken");
}

static void it_can_be_left_at_any_time(void **state UNUSED)
{
	for (int i = 0; i < 50; i++) {
		struct source s = { .total = 100 * AHEAD_BUFFER_SIZE };
		struct ahead *a = ahead_new(fill, pass, &s);
		const uint8_t *p;

		for (int k = 0; k < i % 5; k++)
			assert_true(ahead_next(a, &p, NULL) > 0);
		ahead_free(a);
		/* It never goes further than its buffers. */
		assert_true(s.at <= (AHEAD_BUFFERS + 5) * AHEAD_BUFFER_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_arrive_in_order_and_the_end_stays),
		cmocka_unit_test(who_would_wait_passes_buffers_on),
		cmocka_unit_test(a_failure_comes_after_what_was_good),
		cmocka_unit_test(it_can_be_left_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
