/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a command, and bury at once whatever of its descendants ends as an orphan.
 *
 *     adopt COMMAND [ARG...]       exits as the command does
 *
 * Many first processes of containers and virtual machines look for dead children every few seconds
 * only; until then these are in /proc, and a test that waits for the end of a shim waits for that.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_RUN 127

static int run(char **argv)
{
	(void)execvp(argv[0], argv);
	(void)fprintf(stderr, "adopt: run '%s': %s\n", argv[0], strerror(errno));
	return EXIT_NOT_RUN;
}

/* The status of one child, when all that ended before it is buried. */
static int bury_until(pid_t child)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0 && errno != EINTR)
			return EXIT_NOT_RUN;
		if (pid == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

int main(int argc, char **argv)
{
	pid_t child;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: adopt COMMAND [ARG...]\n");
		return 2;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		(void)fprintf(stderr, "adopt: become the parent of orphans: %s\n", strerror(errno));
		return EXIT_NOT_RUN;
	}
	child = fork();
	if (child < 0) {
		(void)fprintf(stderr, "adopt: fork: %s\n", strerror(errno));
		return EXIT_NOT_RUN;
	}
	if (child == 0)
		return run(argv + 1);
	return bury_until(child);
}
