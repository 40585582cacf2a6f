/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a container for each of many configurations, and see that the runtime survives them.
 *
 *     run_each ROOT BUNDLE ID COMMAND... <LINES
 *
 * A line is WORDS TAB DOCUMENT; the document becomes BUNDLE/config.json and COMMAND is run, with
 * its messages in BUNDLE/message.  Said of a line, and of the exit status, when COMMAND dies by a
 * signal, fails without a message or with more than one line of it, leaves ROOT/ID, changes the
 * mounts around it or the name of the host, or takes longer than TIMEOUT_S.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

#define TIMEOUT_S   20
#define MESSAGE_MAX ((size_t)1 << 20)
#define MOUNTS_MAX  ((size_t)16 << 20)

struct job {
	const char *bundle;
	char *statedir;
	char **command;
	char *mounts; /* as they were */
	struct utsname names;
	long ran, bad;
};

static void complain(struct job *j, const char *words, const char *what)
{
	j->bad++;
	(void)printf("%.200s: %s\n", words, what);
}

static char *read_mounts(void)
{
	char *text = NULL;

	(void)file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MAX, &text, NULL, NULL);
	return text ? text : xstrdup("");
}

static pid_t spawn(const struct job *j, const char *message)
{
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	fd = open(message, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	(void)dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0);
	(void)dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 1);
	(void)dup2(fd, 2);
	(void)execvp(j->command[0], j->command);
	_exit(127);
}

/* Returns the wait status; -1 when it had to be killed. */
static int finish(pid_t pid)
{
	autofd int pidfd = sys_pidfd_open(pid, 0);
	bool late = proc_wait_pidfd(pidfd, TIMEOUT_S * 1000, NULL) == 0;
	int status = 0;

	if (late)
		(void)kill(pid, SIGKILL);
	(void)proc_wait(pid, &status, NULL);
	return late ? -1 : status;
}

static void judge_message(struct job *j, const char *words, const char *message)
{
	autofree char *text = NULL;
	size_t len = 0;

	if (file_read_at(AT_FDCWD, message, MESSAGE_MAX, &text, &len, NULL) < 0)
		complain(j, words, "an endless message");
	else if (len == 0)
		complain(j, words, "failed without a word");
	else if (memchr(text, '\n', len) != text + len - 1)
		complain(j, words, text);
	else if (strstr(text, "clearing up"))
		complain(j, words, text);
}

static void judge(struct job *j, const char *words, int status, const char *message)
{
	autofree char *mounts = read_mounts();
	struct utsname names;

	j->ran++;
	if (status < 0)
		complain(j, words, "it took too long");
	else if (WIFSIGNALED(status))
		complain(j, words, strsignal(WTERMSIG(status)));
	/* 128 and more are the program's own death, by a limit for instance. */
	else if (WEXITSTATUS(status) > 0 && WEXITSTATUS(status) < 128)
		judge_message(j, words, message);
	if (access(j->statedir, F_OK) == 0)
		complain(j, words, "a state directory is left");
	if (!streq(mounts, j->mounts))
		complain(j, words, "mounts of the caller changed");
	(void)uname(&names);
	if (memcmp(names.nodename, j->names.nodename, sizeof(names.nodename)) != 0)
		complain(j, words, "the name of the host changed");
}

static int run_one(struct job *j, char *line, struct err *e)
{
	autofree char *config = path_join(j->bundle, "config.json");
	autofree char *message = path_join(j->bundle, "message");
	char *tab = strchr(line, '\t');
	int r;

	if (!tab)
		return err_set(e, EINVAL, "a line without a tab: %.60s", line);
	*tab = '\0';
	r = file_replace_at(AT_FDCWD, config, tab + 1, strlen(tab + 1), 0644, FILE_NO_SYNC, e);
	if (r >= 0)
		judge(j, line, finish(spawn(j, message)), message);
	return r;
}

static int run_all(struct job *j, struct err *e)
{
	autofree char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (r >= 0 && getline(&line, &size, stdin) > 0)
		r = run_one(j, line, e);
	return r;
}

int main(int argc, char **argv)
{
	struct job j = { 0 };
	struct err e = { 0 };

	if (argc < 5) {
		(void)fprintf(stderr, "usage: run_each ROOT BUNDLE ID COMMAND...\n");
		return 2;
	}
	j.statedir = path_join(argv[1], argv[3]);
	j.bundle = argv[2];
	j.command = argv + 4;
	j.mounts = read_mounts();
	(void)uname(&j.names);
	if (run_all(&j, &e) < 0) {
		(void)fprintf(stderr, "run_each: %s\n", e.msg);
		return 2;
	}
	(void)printf("%ld ran, %ld bad\n", j.ran, j.bad);
	return j.bad == 0 && j.ran > 0 ? 0 : 1;
}
