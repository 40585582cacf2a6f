/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/address.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"

#define RACERS 16

struct stage {
	char dir[64], path[96];
};

static int set_up(void **state)
{
	struct stage *st = xcalloc(1, sizeof(*st));

	(void)snprintf(st->dir, sizeof(st->dir), "/tmp/test-address-XXXXXX");
	assert_non_null(mkdtemp(st->dir));
	(void)snprintf(st->path, sizeof(st->path), "%s/s/socket", st->dir);
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *st = *state;

	(void)dir_remove_all_at(AT_FDCWD, st->dir, NULL);
	free(st);
	return 0;
}

static void the_name_is_a_hash_of_what_a_pod_shares(void **state UNUSED)
{
	autofree char *a = address_path("/d", "/run/c.sock", "ns", "pod");
	autofree char *b = address_path("/d", "/run//c.sock", "ns", "pod");
	autofree char *c = address_path("/d", "/run/c.sock", "ns", "pod2");

	/* printf %s /run/c.sock/ns/pod | sha256sum */
	assert_string_equal(a,
			    "/d/80fb3dd7b443fdf0f4db850a17d5cc93665821de26a7d1ec87a6e9929ddd111d");
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
}

static void check_group(const char *text, const char *want)
{
	autofree char *got = NULL;
	struct err e = { 0 };

	assert_int_equal(address_group(text, strlen(text), &got, &e), 0);
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void annotations_group_containers(void **state UNUSED)
{
	check_group("{}", NULL);
	check_group("{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"p\"}}", "p");
	check_group("{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"p\","
		    "\"io.containerd.runc.v2.group\":\"g\"}}",
		    "g");
	check_group("{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"\"}}", NULL);
	check_group("{\"annotations\":[1]}", NULL);
}

static void a_socket_in_use_is_not_taken(void **state)
{
	struct stage *st = *state;
	autofd int first = -1, second = 7;
	struct stat s;

	assert_int_equal(address_claim(st->path, &first, NULL), 0);
	assert_true(first >= 0);
	assert_int_equal(stat(st->path, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	assert_int_equal(address_claim(st->path, &second, NULL), 0);
	assert_int_equal(second, -1);
}

static void a_socket_that_nobody_serves_is_replaced(void **state)
{
	struct stage *st = *state;
	autofd int first = -1, second = -1;

	assert_int_equal(address_claim(st->path, &first, NULL), 0);
	(void)close(steal_fd(&first));
	assert_int_equal(address_claim(st->path, &second, NULL), 0);
	assert_true(second >= 0);
}

static int race(const char *path)
{
	int fd = -1;

	if (address_claim(path, &fd, NULL) < 0)
		_exit(2);
	if (fd >= 0)
		(void)sleep(1); /* serve until all have asked */
	_exit(fd >= 0);
}

static void of_many_at_once_one_serves(void **state)
{
	struct stage *st = *state;
	autofd int stale = -1;
	int servers = 0, status = 0;

	assert_int_equal(address_claim(st->path, &stale, NULL), 0);
	(void)close(steal_fd(&stale));
	for (int i = 0; i < RACERS; i++)
		if (fork() == 0)
			race(st->path);
	for (int i = 0; i < RACERS; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		servers += WEXITSTATUS(status);
	}
	assert_int_equal(servers, 1);
}

static void a_long_path_is_refused(void **state UNUSED)
{
	char path[128];
	struct err e = { 0 };
	int fd = -1;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[107] = '\0';
	assert_int_equal(address_claim(path, &fd, &e), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_is_a_hash_of_what_a_pod_shares),
		cmocka_unit_test(annotations_group_containers),
		cmocka_unit_test_setup_teardown(a_socket_in_use_is_not_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_socket_that_nobody_serves_is_replaced, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(of_many_at_once_one_serves, set_up, tear_down),
		cmocka_unit_test(a_long_path_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
