/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/descendants.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/cleanup.h"

static pid_t sleeper(void)
{
	pid_t pid = fork();

	while (pid == 0)
		(void)pause();
	return pid;
}

/* A process with two children, one of which has ended; tells the pid of the other. */
static void be_a_parent(int fd)
{
	pid_t child = sleeper(), ended = fork();
	siginfo_t info;

	if (ended == 0)
		_exit(0);
	(void)waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT);
	if (write(fd, &child, sizeof(child)) != sizeof(child))
		_exit(1);
	(void)pause();
	_exit(0);
}

static void children_are_found_and_neither_sisters_nor_the_dead(void **state UNUSED)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;
	pid_t sister = sleeper(), parent, child = 0;
	int pair[2];

	assert_int_equal(pipe(pair), 0);
	parent = fork();
	if (parent == 0)
		be_a_parent(pair[1]);
	assert_int_equal(read(pair[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(descendants_of(parent, &pids, &n, NULL), 0);
	(void)kill(child, SIGKILL);
	(void)kill(parent, SIGKILL);
	(void)kill(sister, SIGKILL);
	while (wait(NULL) > 0)
		continue;
	(void)close(pair[0]);
	(void)close(pair[1]);
	assert_int_equal(n, 2);
	assert_int_equal(pids[0], parent);
	assert_int_equal(pids[1], child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_are_found_and_neither_sisters_nor_the_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
