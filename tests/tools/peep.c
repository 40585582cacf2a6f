/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a container: wait for processes that are brought in, and try to read a file of the host's
 * through the root or the working directory that each of them has in its first moments.
 *
 *     peep FILE       until /stop exists; prints "seen" when it could be read, then "over"
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define AHEAD 3
#define LOOKS 2000

static bool look(int pid, const char *link, const char *file)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s%s", pid, link, file);
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	int next = getpid() + 1;
	bool seen = false;

	if (argc != 2)
		return 2;
	while (access("/stop", F_OK) < 0)
		for (int i = 0; i < LOOKS && !seen; i++)
			for (int pid = next; pid < next + AHEAD; pid++) {
				seen |= look(pid, "root", argv[1]) || look(pid, "cwd/.", argv[1]);
				if (pid > next && look(pid, "stat", ""))
					next = pid;
			}
	(void)printf("%sover\n", seen ? "seen\n" : "");
	return 0;
}
