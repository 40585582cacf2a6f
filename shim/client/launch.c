/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/path.h"
#include "libutil/proc.h"
#include "shim/record/entry.h"

/* ---- the runtime ---- */

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int launch_find_runtime(const char *name, char **ret, struct err *e)
{
	auto_(strv) struct strv dirs = { 0 };
	const char *search = getenv("PATH");

	if (strchr(name, '/')) {
		if (!is_program(name))
			return err_set(e, ENOENT, "runtime '%s': not an executable file", name);
		*ret = path_absolute(name);
		return 0;
	}
	strv_split(&dirs, search ? search : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
		   ':', true);
	for (size_t i = 0; i < dirs.n; i++) {
		autofree char *path = path_join(dirs.v[i], name);

		if (is_program(path)) {
			*ret = path_absolute(path);
			return 0;
		}
	}
	return err_set(e, ENOENT, "runtime '%s': not found in PATH; give its path with --runtime",
		       name);
}

/* ---- the supervisor ---- */

static void supervisor_argv(struct strv *argv, const struct launch *l, const struct shim_globals *g,
			    const char *dir)
{
	strv_add(argv, creel_shim_program.name);
	strv_addf(argv, "--state=%s", g->state);
	if (g->log.file) {
		autofree char *log = path_absolute(g->log.file);

		strv_addf(argv, "--log=%s", log);
		strv_addf(argv, "--log-format=%s", log_opts_formats[g->log.format]);
	}
	if (g->log.level)
		strv_addf(argv, "--log-level=%s", g->log.level);
	if (g->log.debug)
		strv_add(argv, "--debug");
	strv_add(argv, "supervise");
	if (l->attach)
		strv_add(argv, "--attached");
	if (l->again)
		strv_add(argv, "--again");
	strv_addf(argv, "--rows=%u", l->size.rows);
	strv_addf(argv, "--columns=%u", l->size.cols);
	strv_add(argv, dir);
}

static int socket_pair(int type, int *ret_ours, int *ret_theirs, struct err *e)
{
	int s[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, s) < 0)
		return err_sys(e, "make a socket pair");
	*ret_ours = s[0];
	*ret_theirs = s[1];
	return 0;
}

static int spawn(const struct launch *l, const struct shim_globals *g, const char *dir,
		 const int fds[3], pid_t *ret_pid, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	bool shared = streq(record_log_driver(&l->rec), RECORD_LOG_PASSTHROUGH);
	const int all[] = { shared ? STDIN_FILENO : -1,
			    shared ? STDOUT_FILENO : -1,
			    shared ? STDERR_FILENO : -1,
			    fds[0],
			    fds[1],
			    fds[2] };
	autofd int root = dir_open_at(AT_FDCWD, "/", e);
	struct proc_spec spec = {
		.path = "/proc/self/exe",
		.fds = all,
		.n_fds = l->attach ? 6 : 5,
		.cwdfd = root,
		.new_session = true,
		.argv0_label = "supervisor",
	};

	if (root < 0)
		return root;
	supervisor_argv(&argv, l, g, dir);
	spec.argv = strv_argv(&argv);
	return proc_spawn(&spec, ret_pid, NULL, e);
}

/* A supervisor that reports a failure has cleaned up.  One that died has not; and the id may have
 * been somebody else's all the time. */
static int died(const struct launch *l, const struct shim_globals *g, pid_t pid, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };

	if (!l->again && entry_open(&en, g->state, l->rec.id, NULL) >= 0 && en.rec &&
	    en.rec->supervisor.pid.v == pid)
		(void)entry_remove_forced(&en, NULL);
	return err_set(e, EOWNERDEAD, "the supervisor died before the container was started");
}

/* When a failure is told, nothing runs any more, nor does the supervisor. */
static int wait_report(const struct launch *l, const struct shim_globals *g, int fd, pid_t pid,
		       struct err *e)
{
	struct err report;
	int status;
	ssize_t n;

	do
		n = recv(fd, &report, sizeof(report), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(report))
		return died(l, g, pid, e);
	if (report.code == 0)
		return 0;
	(void)proc_wait(pid, &status, NULL);
	*e = report;
	return -report.code;
}

static int record_to_fd(const struct record *rec, struct err *e)
{
	autofd int fd = memfd_create("record", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "make a memory file");
	r = record_write_fd(fd, rec, e);
	return r < 0 ? r : steal_fd(&fd);
}

int launch(struct launch *l, const struct shim_globals *g, struct err *e)
{
	autofree char *dir = path_join(g->state, l->rec.id);
	autofd int ours = -1, theirs = -1, client = -1, their_client = -1;
	autofd int record = record_to_fd(&l->rec, e);
	pid_t pid = 0;
	int r = record;

	if (r >= 0)
		r = socket_pair(SOCK_SEQPACKET, &ours, &theirs, e);
	if (r >= 0 && l->attach)
		r = socket_pair(SOCK_SEQPACKET, &client, &their_client, e);
	if (r >= 0)
		r = spawn(l, g, dir, (int[]){ theirs, record, their_client }, &pid, e);
	if (r < 0)
		return r;
	/* Else we would not see the end of file of a supervisor that dies. */
	(void)close(steal_fd(&theirs));
	if (their_client >= 0)
		(void)close(steal_fd(&their_client));
	r = wait_report(l, g, ours, pid, e);
	if (r < 0)
		return r;
	l->clientfd = steal_fd(&client);
	l->holdfd = steal_fd(&ours);
	return 0;
}
