/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run commands in turn (A B C A B C ...) and compare them.
 *
 *     turns ROUNDS BASE NAME 'COMMAND ARG... [; COMMAND ARG...]...' [NAME 'COMMAND ...']...
 *
 * Prints, for each, wall time (minimum and median) and median cpu time (user and
 * system, with all descendants it waited for) in milliseconds, their ratios to
 * those of the contestant called BASE, and the largest resident set of any one
 * process.  The commands of a contestant run one after the other and their times
 * are added; one that begins with the word "-" prepares and is not measured.  A
 * word "@FILE" before a command adds the cpu time that the daemon whose pid is in
 * FILE spends meanwhile, with all children it waited for.  A round in which a command fails ends
 * the program with status 1: what does not work is not fast.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/parse.h"
#include "libutil/strv.h"

#define ROUNDS_MAX 100000u

struct contestant {
	const char *name;
	struct strv argv;   /* a word ";" ends a command */
	double *wall, *cpu; /* per round, milliseconds */
	long peak_kb;
};

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double time_ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

/* The commands' output would be measured too: it goes to /dev/null, errors stay. */
static int start(char **argv, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* utime, stime, cutime and cstime: fields 14 to 17 of its stat, behind the name in parentheses. */
static double daemon_ms(const char *pidfile)
{
	autofree char *pid = NULL, *stat = NULL, *path = NULL;
	unsigned long long t[4] = { 0 };
	const char *p;

	if (file_read_at(AT_FDCWD, pidfile, 32, &pid, NULL, NULL) < 0)
		return 0;
	pid[strcspn(pid, "\n")] = '\0';
	path = xasprintf("/proc/%s/stat", pid);
	if (file_read_at(AT_FDCWD, path, 4096, &stat, NULL, NULL) < 0)
		return 0;
	p = strrchr(stat, ')');
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
			 &t[0], &t[1], &t[2], &t[3]) != 4)
		return 0;
	return (double)(t[0] + t[1] + t[2] + t[3]) * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

static double daemons_ms(char **argv, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += daemon_ms(argv[i] + 1);
	return sum;
}

static bool run_command(struct contestant *c, char **argv, size_t round)
{
	bool measured = !streq(argv[0], "-");
	struct rusage use;
	double before, theirs;
	size_t daemons = 0;
	int status = 0;
	pid_t pid = 0;
	int r;

	argv += !measured;
	while (argv[daemons] && argv[daemons][0] == '@')
		daemons++;
	theirs = daemons_ms(argv, daemons);
	before = now_ms();
	r = start(argv + daemons, &pid);
	if (r != 0) {
		(void)fprintf(stderr, "turns: %s: %s\n", argv[daemons], strerror(r));
		return false;
	}
	if (wait4(pid, &status, 0, &use) != pid || status != 0) {
		(void)fprintf(stderr, "turns: %s failed in round %zu (status 0x%x)\n", c->name,
			      round, (unsigned)status);
		return false;
	}
	if (!measured)
		return true;
	c->wall[round] += now_ms() - before;
	c->cpu[round] += daemons_ms(argv, daemons) - theirs;
	c->cpu[round] += time_ms(use.ru_utime) + time_ms(use.ru_stime);
	if (use.ru_maxrss > c->peak_kb)
		c->peak_kb = use.ru_maxrss;
	return true;
}

static bool run_once(struct contestant *c, size_t round)
{
	size_t begin = 0;

	while (begin < c->argv.n) {
		size_t end = begin;
		char *separator;
		bool ok;

		while (end < c->argv.n && !streq(c->argv.v[end], ";"))
			end++;
		separator = c->argv.v[end]; /* or the NULL behind the last */
		c->argv.v[end] = NULL;
		ok = run_command(c, c->argv.v + begin, round);
		c->argv.v[end] = separator;
		if (!ok)
			return false;
		begin = end + 1;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sort_rounds(struct contestant *c, size_t rounds)
{
	qsort(c->wall, rounds, sizeof(double), compare);
	qsort(c->cpu, rounds, sizeof(double), compare);
}

static double ratio(double x, double base)
{
	return base > 0 ? x / base : 0;
}

static void report(struct contestant *all, size_t n, size_t rounds, const char *base)
{
	const struct contestant *b = &all[0];

	for (size_t i = 0; i < n; i++) {
		sort_rounds(&all[i], rounds);
		if (streq(all[i].name, base))
			b = &all[i];
	}
	(void)printf("%-14s %9s %9s %9s %8s   times %s (min, median, cpu)\n", "", "min ms",
		     "median ms", "cpu ms", "peak KB", b->name);
	for (size_t i = 0; i < n; i++) {
		const struct contestant *c = &all[i];
		size_t mid = rounds / 2;

		(void)printf("%-14s %9.2f %9.2f %9.2f %8ld   %.2f %.2f %.2f\n", c->name, c->wall[0],
			     c->wall[mid], c->cpu[mid], c->peak_kb, ratio(c->wall[0], b->wall[0]),
			     ratio(c->wall[mid], b->wall[mid]), ratio(c->cpu[mid], b->cpu[mid]));
	}
}

int main(int argc, char **argv)
{
	uint32_t rounds = 0;
	size_t n = argc > 3 ? (size_t)(argc - 3) / 2 : 0;
	struct contestant *all = xcalloc(n + 1, sizeof(*all));

	if (n == 0 || argc % 2 == 0 || parse_u32(argv[1], &rounds) < 0 || rounds == 0 ||
	    rounds > ROUNDS_MAX) {
		(void)fprintf(stderr, "usage: turns ROUNDS BASE NAME 'COMMAND ARG...' ...\n");
		return 2;
	}
	for (size_t i = 0; i < n; i++) {
		all[i].name = argv[3 + 2 * i];
		strv_split(&all[i].argv, argv[4 + 2 * i], ' ', true);
		all[i].wall = xcalloc(rounds, sizeof(double));
		all[i].cpu = xcalloc(rounds, sizeof(double));
	}
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			if (!run_once(&all[i], round))
				return 1;
	report(all, n, rounds, argv[2]);
	return 0;
}
