/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/detach.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Feed in pieces of `step` bytes; what came out, and whether the keys were found. */
static bool feed(const char *keys, const char *in, size_t step, char *out)
{
	struct detach d;
	size_t len = strlen(in), n = 0;
	bool found = false;

	assert_int_equal(detach_parse(&d, keys, NULL), 0);
	for (size_t i = 0; i < len && !found; i += step) {
		size_t take = len - i < step ? len - i : step;
		size_t got = 0;

		found = detach_feed(&d, in + i, take, out + n, &got);
		assert_true(got <= take + DETACH_KEYS_MAX);
		n += got;
	}
	out[n] = '\0';
	return found;
}

static void check(const char *keys, const char *in, bool want, const char *want_out)
{
	char out[256];

	for (size_t step = 1; step <= strlen(in); step++) {
		assert_int_equal(feed(keys, in, step, out), want);
		assert_string_equal(out, want_out);
	}
}

static void the_keys_end_the_input_and_are_not_sent(void **state UNUSED)
{
	check("ctrl-p,ctrl-q", "ls\x10\x11rest", true, "ls");
}

static void a_beginning_that_goes_on_differently_is_sent(void **state UNUSED)
{
	check("ctrl-p,ctrl-q", "a\x10z", false, "a\x10z");
	check("ctrl-p,ctrl-q", "\x10\x10\x11", true, "\x10");
}

static void overlapping_beginnings_are_not_missed(void **state UNUSED)
{
	check("a,a,b", "aaab", true, "a");
	check("a,b,a,c", "ababac", true, "ab");
}

static void a_held_beginning_is_not_sent_yet(void **state UNUSED)
{
	check("ctrl-p,ctrl-q", "x\x10", false, "x");
}

static void no_keys_pass_everything(void **state UNUSED)
{
	check("", "a\x10\x11z", false, "a\x10\x11z");
}

static void keys_that_are_no_keys_are_refused(void **state UNUSED)
{
	struct detach d = { .n = 7 };
	struct err e = { 0 };

	assert_int_equal(detach_parse(&d, "ctrl-p,alt-q", &e), -EINVAL);
	assert_string_equal(
		e.msg, "detach keys 'ctrl-p,alt-q': 'alt-q' is neither a character nor ctrl-X");
	assert_int_equal(d.n, 7);
	assert_int_equal(detach_parse(&d, "ctrl-1", NULL), -EINVAL);
	assert_int_equal(detach_parse(&d, "a,,b", NULL), -EINVAL);
	assert_int_equal(detach_parse(&d, "a,b,c,d,e,f,g,h,i", NULL), -EINVAL);
}

static void control_characters_have_names(void **state UNUSED)
{
	struct detach d;

	assert_int_equal(detach_parse(&d, "ctrl-@,ctrl-A,ctrl-z,ctrl-[,ctrl-_,x", NULL), 0);
	assert_int_equal(d.n, 6);
	assert_memory_equal(d.keys, "\0\1\x1a\x1b\x1fx", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_keys_end_the_input_and_are_not_sent),
		cmocka_unit_test(a_beginning_that_goes_on_differently_is_sent),
		cmocka_unit_test(overlapping_beginnings_are_not_missed),
		cmocka_unit_test(a_held_beginning_is_not_sent_yet),
		cmocka_unit_test(no_keys_pass_everything),
		cmocka_unit_test(keys_that_are_no_keys_are_refused),
		cmocka_unit_test(control_characters_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
