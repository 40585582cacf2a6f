/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `creel run`, from its start to what its end means.  Its config.json is a file without a name, its
 * complaints go to a log in the step's own file system, so that both of its streams are the step's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

#define CONFIG_FD   3
#define CONFIG_PATH "/proc/self/fd/3"
#define CHUNK       32768
#define LOG_MAX     65536
#define QUOTE_MAX   340 /* of a program in a message, whose size is limited */

/* ---- Words ---- */

static void quote_char(unsigned char c, struct strbuf *ret)
{
	static const char plain[] = "\a\b\f\n\r\t\v\"\\", names[] = "abfnrtv\"\\";
	const char *at = c ? strchr(plain, c) : NULL;

	if (at)
		strbuf_addf(ret, "\\%c", names[at - plain]);
	else if (c < 0x20 || c == 0x7f)
		strbuf_addf(ret, "\\x%02x", c);
	else
		strbuf_addc(ret, (char)c);
}

void run_quote(const char *const *args, size_t max, struct strbuf *ret)
{
	strbuf_addc(ret, '"');
	for (size_t i = 0; args[i]; i++) {
		if (i)
			strbuf_addc(ret, ' ');
		for (const char *p = args[i]; *p; p++) {
			/* Not in the middle of a character. */
			if (ret->len >= max && ((unsigned char)*p & 0xc0) != 0x80) {
				strbuf_adds(ret, "...\"");
				return;
			}
			quote_char((unsigned char)*p, ret);
		}
	}
	strbuf_addc(ret, '"');
}

static int failed(const struct run_step *s, const char *why, struct err *e)
{
	auto_(strbuf) struct strbuf words = { 0 };

	run_quote(s->run->args, QUOTE_MAX, &words);
	return err_set(e, ECHILD, "process %s did not complete successfully: %s",
		       strbuf_str(&words), why);
}

/* What creel logged: its own failure, not the program's. */
static char *complaint(const char *path)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct json *doc = NULL;
	size_t len = 0;

	if (file_read_at(AT_FDCWD, path, LOG_MAX, &text, &len, NULL) < 0 || !len)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	if (json_parse("log", text, strlen(text), &a, &doc, NULL) >= 0 &&
	    doc->kind == JSON_OBJECT) {
		const struct json *msg = json_get(doc, "msg");

		if (msg && msg->kind == JSON_STRING)
			return xstrdup(msg->string);
	}
	return steal_ptr(&text);
}

/* "create 'build-x1y2z3': ..." means nothing to who reads a build's output. */
static const char *without_id(const struct run_step *s, const char *text)
{
	const char *at = strstr(text, s->id);
	size_t len = strlen(s->id);

	return at && starts_with(at + len, "': ") ? at + len + strlen("': ") : text;
}

static int judge(const struct run_step *s, const char *log, int status, struct err *e)
{
	autofree char *said = NULL, *why = NULL;
	int code = proc_exit_code(status);

	if (code == 0)
		return 0;
	said = complaint(log);
	why = said ? xstrdup(without_id(s, said)) : xasprintf("exit code: %d", code);
	return failed(s, why, e);
}

/* ---- Streams ---- */

struct streams {
	int fd[2]; /* its output, its errors; owned; -1: ended */
	enum run_stream name[2];
};

static void streams_done(struct streams *t)
{
	for (size_t i = 0; i < ARRAY_LEN(t->fd); i++)
		if (t->fd[i] >= 0)
			(void)close(t->fd[i]);
}
AUTO_DEFINE_DONE(streams, streams_done)

/* 1: there may be more. */
static int relay(const struct run_step *s, struct streams *t, size_t i)
{
	char buf[CHUNK];
	ssize_t n = read(t->fd[i], buf, sizeof(buf));

	if (n > 0) {
		s->log(s->log_ctx, t->name[i], buf, (size_t)n);
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	(void)close(t->fd[i]);
	t->fd[i] = -1;
	return 0;
}

/* All of its processes are gone, and what they wrote is in the pipes. */
static void drain(const struct run_step *s, struct streams *t)
{
	for (size_t i = 0; i < ARRAY_LEN(t->fd); i++)
		while (t->fd[i] >= 0 && relay(s, t, i) > 0)
			continue;
}

/* Until it has ended; -EINTR when the build was told to stop. */
static int listen_to(const struct run_step *s, struct streams *t, int pidfd, struct err *e)
{
	for (;;) {
		struct pollfd p[] = { { .fd = pidfd, .events = POLLIN },
				      { .fd = s->env->cancelfd, .events = POLLIN },
				      { .fd = t->fd[0], .events = POLLIN },
				      { .fd = t->fd[1], .events = POLLIN } };

		if (poll(p, ARRAY_LEN(p), -1) < 0) {
			if (errno != EINTR)
				return err_sys(e, "wait for the step");
			continue;
		}
		for (size_t i = 0; i < ARRAY_LEN(t->fd); i++)
			if (p[2 + i].revents)
				(void)relay(s, t, i);
		if (p[0].revents) {
			drain(s, t);
			return 0;
		}
		if (p[1].revents)
			return err_set(e, EINTR, "the step was told to stop");
	}
}

/* ---- creel ---- */

static int make_config(const struct strbuf *config, struct err *e)
{
	autofd int fd = memfd_create("config.json", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "make a file for config.json");
	r = file_write_all(fd, config->data, config->len, e);
	return r < 0 ? r : steal_fd(&fd);
}

static int make_streams(struct streams *t, int ret_theirs[2], struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(t->fd); i++) {
		int p[2];

		if (pipe2(p, O_CLOEXEC) < 0)
			return err_sys(e, "make a pipe");
		t->fd[i] = p[0];
		ret_theirs[i] = p[1];
		if (fcntl(p[0], F_SETFL, O_NONBLOCK) < 0)
			return err_sys(e, "make a pipe non-blocking");
	}
	return 0;
}

static int start(const struct run_step *s, const struct strbuf *config, const char *log,
		 struct streams *t, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
	autofree char *states = xasprintf("%s/" RUN_STATES, s->env->dir);
	const char *argv[] = { s->env->runtime,
			       "--root",
			       states,
			       "--log",
			       log,
			       "--log-format",
			       "json",
			       "--log-only",
			       "run",
			       "--die-with-parent",
			       "--bundle",
			       s->private,
			       "--config",
			       CONFIG_PATH,
			       s->id,
			       NULL };
	autofd int configfd = make_config(config, e);
	int theirs[2] = { -1, -1 };
	int r = configfd < 0 ? configfd : make_streams(t, theirs, e);

	if (r >= 0) {
		const int fds[] = { -1, theirs[0], theirs[1], configfd };
		const struct proc_spec spec = {
			.path = s->env->runtime,
			.argv = (char *const *)(const void *)argv,
			.fds = fds,
			.n_fds = CONFIG_FD + 1,
			.die_with_parent = true,
		};

		r = proc_spawn(&spec, ret_pid, ret_pidfd, e);
	}
	for (size_t i = 0; i < ARRAY_LEN(theirs); i++)
		if (theirs[i] >= 0)
			(void)close(theirs[i]);
	return r;
}

/* creel takes the container with it; what is left is removed by its name. */
static void end(const struct run_step *s, pid_t pid, int pidfd)
{
	autofree char *states = xasprintf("%s/" RUN_STATES, s->env->dir);
	const char *argv[] = {
		s->env->runtime, "--root", states, "delete", "--force", s->id, NULL
	};
	const struct proc_spec spec = { .path = s->env->runtime,
					.argv = (char *const *)(const void *)argv };
	int status;

	(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	(void)proc_wait(pid, &status, NULL);
	(void)proc_run(&spec, NULL, 0, NULL, -1, &status, NULL);
}

int run_process(struct run_step *s, const struct strbuf *config, struct err *e)
{
	auto_(streams) struct streams t = { { -1, -1 }, { RUN_STDOUT, RUN_STDERR } };
	autofree char *log = xasprintf("%s/log", s->private);
	autofd int pidfd = -1;
	pid_t pid = 0;
	int status = 0;
	int r = start(s, config, log, &t, &pid, &pidfd, e);

	if (r < 0)
		return r;
	r = listen_to(s, &t, pidfd, e);
	if (r < 0) {
		end(s, pid, pidfd);
		return r;
	}
	r = proc_wait(pid, &status, e);
	return r < 0 ? r : judge(s, log, status, e);
}
