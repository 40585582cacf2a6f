/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/path.h"
#include "libutil/proc.h"
#include "shim/record/entry.h"

/* ---- the runtime -------------------------------------------------------------------------------
 */

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

/* ---- the record --------------------------------------------------------------------------------
 */

/* mkdir(2) decides who gets an id. */
static int claim_id(const struct shim_globals *g, const char *id, const char *dir, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	int r = dir_make_all_at(AT_FDCWD, g->state, 0700, e);

	if (r < 0)
		return r;
	if (mkdir(dir, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "make '%s'", dir);
	if (entry_open(&en, g->state, id, NULL) < 0)
		return err_set(e, EEXIST, "the id is in use");
	return err_set(e, EEXIST, "the id is in use (%s); 'creel-shim rm %s%s' frees it",
		       entry_status_text(en.status), en.status == ENTRY_EXITED ? "" : "--force ",
		       id);
}

/* Until the supervisor notes itself, this process stands for it: a record whose process has ended
 * is lost. */
static int write_record(struct launch *l, const char *dir, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, dir, e);
	int r;

	if (dirfd < 0)
		return dirfd;
	r = record_proc_set(&l->rec.supervisor, getpid(), e);
	return r < 0 ? r : record_write(dirfd, &l->rec, e);
}

/* ---- the supervisor ----------------------------------------------------------------------------
 */

static void supervisor_argv(struct strv *argv, const struct launch *l, const struct shim_globals *g,
			    const char *dir)
{
	strv_add(argv, creel_shim_program.name);
	if (g->log) {
		autofree char *log = path_absolute(g->log);

		strv_addf(argv, "--log=%s", log);
		strv_addf(argv, "--log-format=%s", g->log_format == 1 ? "json" : "text");
	}
	if (g->log_level)
		strv_addf(argv, "--log-level=%s", g->log_level);
	if (g->debug)
		strv_add(argv, "--debug");
	strv_add(argv, "supervise");
	if (l->attach)
		strv_add(argv, "--attached");
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
		 int reportfd, int clientfd, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	const int fds[] = { -1, -1, -1, reportfd, clientfd };
	autofd int root = dir_open_at(AT_FDCWD, "/", e);
	struct proc_spec spec = {
		.path = "/proc/self/exe",
		.fds = fds,
		.n_fds = l->attach ? 5 : 4,
		.cwdfd = root,
		.new_session = true,
		.argv0_label = "supervisor",
	};
	pid_t pid;

	if (root < 0)
		return root;
	supervisor_argv(&argv, l, g, dir);
	spec.argv = strv_argv(&argv);
	return proc_spawn(&spec, &pid, NULL, e);
}

static int wait_report(struct launch *l, int fd, struct err *e)
{
	struct launch_report report;
	ssize_t n;

	do
		n = recv(fd, &report, sizeof(report), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "wait for the supervisor");
	l->reported = n == (ssize_t)sizeof(report);
	if (!l->reported)
		return err_set(e, EOWNERDEAD,
			       "the supervisor died before the container was started");
	if (report.err.code != 0) {
		*e = report.err;
		return -report.err.code;
	}
	l->pid = report.pid;
	return 0;
}

static int start(struct launch *l, const struct shim_globals *g, const char *dir, struct err *e)
{
	autofd int ours = -1, theirs = -1, client = -1, their_client = -1;
	int r = write_record(l, dir, e);

	if (r < 0)
		return r;
	r = socket_pair(SOCK_SEQPACKET, &ours, &theirs, e);
	if (r >= 0 && l->attach)
		r = socket_pair(SOCK_SEQPACKET, &client, &their_client, e);
	if (r < 0)
		return r;
	r = spawn(l, g, dir, theirs, their_client, e);
	if (r < 0)
		return r;
	/* Else we would not see the end of file of a supervisor that dies. */
	(void)close(steal_fd(&theirs));
	if (their_client >= 0)
		(void)close(steal_fd(&their_client));
	r = wait_report(l, ours, e);
	if (r < 0)
		return r;
	l->clientfd = steal_fd(&client);
	return 0;
}

/* Only for a supervisor that died, or never came to be: one that reports a failure has cleaned up
 * by then, and the id may be somebody else's. */
static void clean_up(const struct shim_globals *g, const char *id)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };

	if (entry_open(&en, g->state, id, NULL) >= 0)
		(void)entry_remove_forced(&en, NULL);
}

int launch(struct launch *l, const struct shim_globals *g, struct err *e)
{
	autofree char *dir = path_join(g->state, l->rec.id);
	int r = claim_id(g, l->rec.id, dir, e);

	if (r < 0)
		return r;
	r = start(l, g, dir, e);
	if (r < 0 && !l->reported)
		clean_up(g, l->rec.id);
	return r;
}
