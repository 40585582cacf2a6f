/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchange two names for ever, as fast as the kernel can: somebody who shares a directory with a
 * container that is being started, and hopes to change what a path means between check and use.
 *
 *     racer A B [A B]...
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	if (argc < 3 || argc % 2 == 0) {
		(void)fprintf(stderr, "usage: racer A B [A B]...\n");
		return 2;
	}
	/* The test that started it may be killed. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		for (int i = 1; i < argc; i += 2)
			if (renameat2(AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], RENAME_EXCHANGE) <
			    0) {
				perror("racer: renameat2");
				return 1;
			}
}
