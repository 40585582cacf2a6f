/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Hidden from the compiler, which would refuse such sizes at build time. */
static volatile size_t huge = SIZE_MAX / 2;

static void exhaust(void)
{
	free(xcalloc(huge, 4));
}

/* Runs `f` in a child with stderr in a pipe; returns the wait status. */
static int status_of(void (*f)(void), char *said, size_t size)
{
	int p[2], status = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(p[1], STDERR_FILENO);
		f();
		_exit(0);
	}
	(void)close(p[1]);
	n = read(p[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void an_impossible_size_aborts_with_one_line(void **state UNUSED)
{
	char said[100];
	int status = status_of(exhaust, said, sizeof(said));

#ifdef __SANITIZE_ADDRESS__
	assert_true(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
#else
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_string_equal(said, "out of memory\n");
#endif
}

static void nothing_wanted_is_still_memory(void **state UNUSED)
{
	void *p = xcalloc(0, 8);

	assert_non_null(p);
	p = xreallocarray(p, 0, 0);
	assert_non_null(p);
	free(p);
}

static void texts_are_copied_and_formatted(void **state UNUSED)
{
	autofree char *a = xstrdup("abc");
	autofree char *b = xstrndup("abcdef", 2);
	autofree char *c = xasprintf("%s-%d", "x", 7);

	assert_string_equal(a, "abc");
	assert_string_equal(b, "ab");
	assert_string_equal(c, "x-7");
}

static void arena_memory_is_zeroed_and_aligned(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };

	for (size_t i = 1; i < 500; i++) {
		char *p = arena_alloc(&a, i, 3);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < i * 3; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xff, i * 3);
	}
	assert_true(a.used >= 499 * 500 / 2 * 3);
}

static void arena_objects_may_be_larger_than_a_block(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	char *small = arena_strdup(&a, "before");
	char *big = arena_alloc(&a, 1 << 20, 1);
	char *after = arena_strdup(&a, "after");

	memset(big, 'x', 1 << 20);
	assert_string_equal(small, "before");
	assert_string_equal(after, "after");
}

static void arena_texts_end_in_nul(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };

	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&a, "", 0), "");
	assert_string_equal(arena_printf(&a, "%s[%d]", "x", 12), "x[12]");
}

static void grown_arrays_keep_their_items(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	const int items[] = { 1, 2, 3 };
	int *grown = arena_grow(&a, items, 3, 6, sizeof(int));

	assert_memory_equal(grown, items, sizeof(items));
	assert_int_equal(grown[5], 0);
	assert_non_null(arena_grow(&a, NULL, 0, 4, sizeof(int)));
}

static void a_finished_arena_can_be_used_again(void **state UNUSED)
{
	struct arena a = { 0 };

	assert_string_equal(arena_strdup(&a, "x"), "x");
	arena_done(&a);
	assert_int_equal(a.used, 0);
	assert_string_equal(arena_strdup(&a, "y"), "y");
	arena_done(&a);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_impossible_size_aborts_with_one_line),
		cmocka_unit_test(nothing_wanted_is_still_memory),
		cmocka_unit_test(texts_are_copied_and_formatted),
		cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
		cmocka_unit_test(arena_objects_may_be_larger_than_a_block),
		cmocka_unit_test(arena_texts_end_in_nul),
		cmocka_unit_test(grown_arrays_keep_their_items),
		cmocka_unit_test(a_finished_arena_can_be_used_again),
	};

	return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
