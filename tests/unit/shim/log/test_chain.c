/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/log/chain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/unit/shim/log/temp.h"

#define FILES 4

/* The first byte of each file, oldest first. */
static void assert_chain(const struct chain *c, const char *want)
{
	assert_int_equal(c->n, strlen(want));
	for (size_t i = 0; i < c->n; i++) {
		char got = 0;

		assert_int_equal(pread(c->file[i].fd, &got, 1, 0), 1);
		assert_int_equal(got, want[i]);
	}
}

static void files_come_oldest_first(void **state)
{
	auto_(chain) struct chain c = { 0 };
	struct temp *t = *state;

	put_file(t, "", "4");
	put_file(t, ".1", "3");
	put_file(t, ".2", "2");
	put_file(t, ".3", "1");
	put_file(t, ".4", "0");
	assert_int_equal(chain_open(&c, t->log, FILES, NULL), 0);
	assert_chain(&c, "1234");
	chain_drop(&c, 2);
	assert_chain(&c, "34");
}

static void gaps_and_second_names_of_a_rotation_cut_short_are_passed_over(void **state)
{
	auto_(chain) struct chain c = { 0 };
	struct temp *t = *state;
	char first[64];

	put_file(t, "", "3");
	put_file(t, ".3", "1");
	strcpy(first, t->log);
	strcat(first, ".1");
	assert_int_equal(link(t->log, first), 0);
	assert_int_equal(chain_open(&c, t->log, FILES, NULL), 0);
	assert_chain(&c, "13");
}

static void a_log_without_rotation_is_one_file(void **state)
{
	auto_(chain) struct chain c = { 0 };
	struct temp *t = *state;
	struct err e = { 0 };

	assert_int_equal(chain_open(&c, t->log, 0, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "/log': No such file or directory"));
	put_file(t, "", "1");
	put_file(t, ".1", "0");
	assert_int_equal(chain_open(&c, t->log, 0, NULL), 0);
	assert_chain(&c, "1");
}

static void a_file_is_added_but_once(void **state)
{
	auto_(chain) struct chain c = { 0 };
	struct temp *t = *state;
	struct file_id id;

	put_file(t, "", "2");
	put_file(t, ".gone", "1");
	assert_int_equal(chain_open(&c, t->log, 0, NULL), 0);
	assert_int_equal(chain_add_oldest(&c, open(t->log, O_RDONLY | O_CLOEXEC), NULL), 0);
	assert_chain(&c, "2");
	strcat(t->log, ".gone");
	assert_int_equal(chain_add_oldest(&c, open(t->log, O_RDONLY | O_CLOEXEC), NULL), 0);
	assert_chain(&c, "12");
	assert_int_equal(file_id_at(t->log, &id, NULL), 0);
	assert_int_equal(chain_find(&c, &id), 0);
	id.ino++;
	assert_int_equal(chain_find(&c, &id), 2);
}

/* The number that a file begins with. */
static int number_of(const struct chain_file *f)
{
	char text[16] = { 0 };

	assert_true(pread(f->fd, text, sizeof(text) - 1, 0) > 0);
	return atoi(text);
}

/* Another process rotates as fast as it can: whatever is opened meanwhile has no hole, but at the
 * newest end a file in which nothing has been written yet. */
static void rotation_meanwhile_hides_nothing(void **state)
{
	struct temp *t = *state;
	pid_t pid;

	put_file(t, "", "1000\n");
	pid = fork();
	if (pid == 0) {
		for (int i = 1001;; i++) {
			int fd = rotate(t->log, FILES, NULL);

			dprintf(fd, "%d\n", i);
			(void)close(fd);
		}
	}
	for (int oldest = 0; oldest < 1300;) {
		auto_(chain) struct chain c = { 0 };

		assert_int_equal(chain_open(&c, t->log, FILES, NULL), 0);
		for (size_t i = 1; i + 1 < c.n; i++)
			assert_int_equal(number_of(&c.file[i]), number_of(&c.file[i - 1]) + 1);
		oldest = c.n > 1 ? number_of(&c.file[0]) : 0;
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_come_oldest_first),
		TEST(gaps_and_second_names_of_a_rotation_cut_short_are_passed_over),
		TEST(a_log_without_rotation_is_one_file),
		TEST(a_file_is_added_but_once),
		TEST(rotation_meanwhile_hides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
