/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up: options, the caller's word, into the background. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/path.h"
#include "shim/conmon/conmon.h"

#define UMASK 0022

void conmon_version(struct strbuf *out)
{
	strbuf_adds(out, "conmon version " CONMON_VERSION "\n");
	strbuf_addf(out, "creel-shim %s\n", PACKAGE_VERSION);
}

static int print(const struct strbuf *text, struct err *e)
{
	return file_write_all(STDOUT_FILENO, strbuf_str(text), text->len, e);
}

static int print_version(struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };

	conmon_version(&text);
	return print(&text, e);
}

static int print_help(struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };

	strbuf_adds(&text, "Usage: creel-shim OPTIONS, in the place of conmon\n\n"
			   "Stay beside a container of Podman or CRI-O.\n\nOptions:\n");
	opts_help(conmon_opt_rows, &text);
	return print(&text, e);
}

void conmon_leave_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = STDIN_FILENO; fd >= 0 && i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

/* The caller waits for us, then for the file: podman reads it when it wants to know who watches. */
static int write_pid_file(const struct conmon *c, pid_t pid, struct err *e)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", (int)pid);

	if (!c->o.conmon_pid_file)
		return 0;
	return file_replace_at(AT_FDCWD, c->o.conmon_pid_file, text, (size_t)len, 0644,
			       FILE_NO_SYNC, e);
}

/* Returns 0 in the background, and does not return in front but for a failure. */
static int go_to_background(const struct conmon *c, struct err *e)
{
	pid_t pid = c->o.sync ? 0 : fork();
	int r;

	if (pid < 0)
		return err_sys(e, "go to the background");
	if (pid == 0) {
		if (!c->traffic.log.passthrough)
			conmon_leave_stdio();
		/* It fails only for who leads a session already. */
		(void)setsid();
		return 0;
	}
	r = write_pid_file(c, pid, e);
	if (r < 0) {
		(void)kill(pid, SIGKILL);
		return err_wrap(e, r, "pid file of this program");
	}
	_exit(0);
}

static int prepare(struct conmon *c, struct err *e)
{
	autofree char *cwd = getcwd(NULL, 0);
	enum log_level level;
	int r;

	if (!cwd)
		return err_sys(e, "find the working directory");
	r = conmon_opts_level(&c->o, &level, e);
	if (r < 0)
		return r;
	log_set_level(level);
	r = conmon_opts_check(&c->o, cwd, &c->a, e);
	if (r >= 0)
		r = pipes_init(&c->pipes, &c->o, e);
	if (r >= 0)
		r = inherited_find(&c->inherited, e);
	if (r >= 0)
		r = traffic_init(&c->traffic, &c->o, e);
	if (r < 0)
		return r;
	oom_score_lower(&c->score);
	r = pipes_wait_start(&c->pipes, e);
	return r < 0 ? r : go_to_background(c, e);
}

int conmon_serve(const struct conmon_opts *o, struct err *e)
{
	struct conmon c = { .o = *o, .pipes = { -1, -1, -1 } };
	int r;

	if (o->version)
		return print_version(e);
	(void)umask(UMASK);
	(void)signal(SIGPIPE, SIG_IGN);
	r = prepare(&c, e);
	if (r >= 0)
		r = conmon_run(&c) & 0xff;
	inherited_close(&c.inherited);
	pipes_done(&c.pipes);
	arena_done(&c.a);
	return r;
}

int conmon_main(char *const *argv)
{
	auto_(conmon_opts) struct conmon_opts o;
	struct err e = { 0 };
	int r;

	log_init("creel-shim");
	conmon_opts_defaults(&o);
	r = conmon_opts_parse(&o, argv, &e);
	if (r > 0)
		r = print_help(&e);
	else if (r == 0)
		r = conmon_serve(&o, &e);
	if (r < 0)
		log_error("%s", e.msg);
	return r < 0 ? 1 : r;
}

/* ---- as a verb: so that help, the manual and completion know the options ---- */

static void defaults(void *values)
{
	conmon_opts_defaults(values);
}

static int run_verb(const void *global UNUSED, void *values, char *const *args UNUSED, int n UNUSED,
		    struct err *e)
{
	return conmon_serve(values, e);
}

const struct verb verb_conmon = {
	.name = "conmon",
	.args = "[WORD...]",
	.summary = "stay beside a container of Podman or CRI-O, as conmon does",
	.details =
		"The options are conmon's. The word `conmon` is not needed: who is called by a name "
		"that is conmon or ends in -conmon, or with an option of these in the place of a "
		"command, does the same. So podman takes creel-shim by --conmon PATH or by "
		"conmon_path in containers.conf, and CRI-O by monitor_path.\n"
		"\n"
		"A client that reads slowly holds up the container, for it may be the only one who "
		"ever sees the output; it does not hold up the exit. Once the container has ended, "
		"what its pipes still held is kept until every client has taken it or is gone.\n"
		"\n"
		"Words that are no options are ignored.",
	.opts = conmon_opt_rows,
	.opts_size = sizeof(struct conmon_opts),
	.defaults = defaults,
	.max_args = -1,
	.stop_after = -1,
	.run = run_verb,
};

/* ---- is it us? ---- */

static bool name_is_conmon(const char *program)
{
	const char *base = program ? path_base(program) : "";
	size_t len = strlen(base), tail = strlen("-conmon");

	return streq(base, "conmon") || (len > tail && streq(base + len - tail, "-conmon"));
}

static const struct opt *find_long(const struct opt *rows, const char *name, size_t len)
{
	for (; !opt_is_end(rows); rows++)
		if (rows->name && strlen(rows->name) == len && strncmp(rows->name, name, len) == 0)
			return rows;
	return NULL;
}

static bool is_letter(char letter)
{
	for (const struct opt *row = conmon_opt_rows; !opt_is_end(row); row++)
		if (row->letter && row->letter == letter)
			return true;
	return false;
}

bool conmon_is_called(char *const *argv, const struct opt *own_globals)
{
	if (name_is_conmon(argv[0]))
		return true;
	/* Options that both have say nothing; the first that only one has decides. */
	for (int i = 1; argv[0] && argv[i]; i++) {
		const char *name = argv[i] + strspn(argv[i], "-");
		size_t len = strcspn(name, "="), dashes = (size_t)(name - argv[i]);
		const struct opt *own = find_long(own_globals, name, len);

		if (dashes == 0 || len == 0 || starts_with(name, "version"))
			return false;
		if (own && dashes == 2) {
			i += opt_takes_value(own) && !name[len] && argv[i + 1];
			continue;
		}
		return dashes == 1 ? is_letter(*name)
				   : find_long(conmon_opt_rows, name, len) != NULL;
	}
	return false;
}
