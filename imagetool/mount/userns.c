/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/mount/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "imagetool/mount/userns_wait.h"
#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/parse.h"
#include "libutil/proc.h"
#include "libutil/strv.h"

#define RANGES_MAX   ((size_t)4 << 20) /* bytes of /etc/subuid */
#define HELPER_SAYS  ((size_t)4 << 10)
#define EXIT_NO_EXEC 127

/* ---- Ranges ---- */

static bool parse_range(char *const *f, size_t n, const char *name, const char *uid,
			struct id_range *ret)
{
	char *end;
	unsigned long long first, count;

	if (n != 3 || (!streq(f[0], name) && !streq(f[0], uid)))
		return false;
	first = strtoull(f[1], &end, 10);
	if (*end || !*f[1])
		return false;
	count = strtoull(f[2], &end, 10);
	if (*end || !*f[2] || !count || first + count > UINT32_MAX)
		return false;
	*ret = (struct id_range){ (uint32_t)first, (uint32_t)count };
	return true;
}

struct id_range userns_range(const char *text, const char *name, uid_t uid)
{
	auto_(strv) struct strv lines = { 0 };
	autofree char *number = xasprintf("%u", uid);
	struct id_range best = { 0 }, r;

	strv_split(&lines, text, '\n', true);
	for (size_t i = 0; i < lines.n; i++) {
		auto_(strv) struct strv f = { 0 };

		strv_split(&f, lines.v[i], ':', false);
		if (parse_range(f.v, f.n, name, number, &r) && r.count > best.count)
			best = r;
	}
	return best;
}

static struct id_range range_in(const char *file, const char *name)
{
	autofree char *text = NULL;

	if (file_read_at(AT_FDCWD, file, RANGES_MAX, &text, NULL, NULL) < 0)
		return (struct id_range){ 0 };
	return userns_range(text, name, getuid());
}

/* ---- Maps ---- */

static const struct map_kind {
	const char *file, *helper, *ranges;
} kinds[] = {
	{ "gid_map", "newgidmap", "/etc/subgid" },
	{ "uid_map", "newuidmap", "/etc/subuid" },
};

/* newuidmap PID INSIDE OUTSIDE COUNT ... */
static int run_helper(const struct map_kind *k, pid_t pid, uint32_t own, const struct id_range *r,
		      struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	auto_(strbuf) struct strbuf out = { .max = HELPER_SAYS };
	struct proc_spec spec = { .path = k->helper, .search = true };
	int status = 0, ret;

	strv_add(&argv, k->helper);
	strv_addf(&argv, "%d", (int)pid);
	strv_addf(&argv, "0");
	strv_addf(&argv, "%u", own);
	strv_addf(&argv, "1");
	strv_addf(&argv, "1");
	strv_addf(&argv, "%u", r->first);
	strv_addf(&argv, "%u", r->count);
	spec.argv = strv_argv(&argv);
	ret = proc_run(&spec, NULL, 0, &out, -1, &status, e);
	if (ret >= 0 && status != 0)
		return err_set(e, EPERM, "%s: %s", k->helper,
			       out.len ? strbuf_str(&out) : "failed");
	return ret;
}

static int write_own(pid_t pid, const char *file, uint32_t own, struct err *e)
{
	autofree char *path = xasprintf("/proc/%d/%s", (int)pid, file);
	autofree char *text = xasprintf("0 %u 1\n", own);

	return file_write_at(AT_FDCWD, path, text, e);
}

/* The one mapping for which the kernel asks no right, once setgroups(2) is denied. */
static int map_own(pid_t pid, struct err *e)
{
	autofree char *setgroups = xasprintf("/proc/%d/setgroups", (int)pid);
	int r = file_write_at(AT_FDCWD, setgroups, "deny", e);

	if (r >= 0)
		r = write_own(pid, "gid_map", getegid(), e);
	return r < 0 ? r : write_own(pid, "uid_map", geteuid(), e);
}

static bool have_helpers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		autofree char *path = proc_search_path(kinds[i].helper);

		if (!path)
			return false;
	}
	return true;
}

static int map_ids(pid_t pid, struct err *e)
{
	const struct passwd *who = getpwuid(getuid());
	const char *name = who ? who->pw_name : "";
	struct id_range ranges[] = { range_in(kinds[0].ranges, name),
				     range_in(kinds[1].ranges, name) };
	const uint32_t own[] = { getegid(), geteuid() };
	int r = 0;

	if (!ranges[0].count || !ranges[1].count || !have_helpers()) {
		log_info("there is only your own id: %s",
			 have_helpers() ? "/etc/subuid and /etc/subgid have no range for you"
					: "newuidmap and newgidmap (package uidmap) are missing");
		return map_own(pid, e);
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds) && r >= 0; i++)
		r = run_helper(&kinds[i], pid, own[i], &ranges[i], e);
	return r;
}

/* ---- The program ---- */

/* Waits until it is mapped; then it is root here, and may change what it sees. */
static NORETURN void run_inside(char *const *argv, int gate, const sigset_t *mask)
{
	char c;

	if (read(gate, &c, 1) != 1 || setgid(0) < 0 || setuid(0) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		_exit(EXIT_NO_EXEC);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)execvp(argv[0], argv);
	(void)fprintf(stderr, "creel-image: execute '%s': %s\n", argv[0], strerror(errno));
	_exit(EXIT_NO_EXEC);
}

static NORETURN void child(char *const *argv, int report, int gate, const sigset_t *mask)
{
	int error = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		error = errno;
	if (write(report, &error, sizeof(error)) != sizeof(error) || error)
		_exit(EXIT_NO_EXEC);
	(void)close(report);
	run_inside(argv, gate, mask);
}

static int let_go(pid_t pid, int report, int gate, struct err *e)
{
	int error = EIO, r;

	if (read(report, &error, sizeof(error)) != sizeof(error) || error)
		return err_set(e, error, "make a user namespace: %s", strerror(error));
	r = map_ids(pid, e);
	if (r < 0)
		return err_wrap(e, r, "map ids");
	return write(gate, "", 1) == 1 ? 0 : err_sys(e, "start the program");
}

int userns_run(char *const *argv, int *ret_status, struct err *e)
{
	int report[2], gate[2], r;
	sigset_t mask;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0 || pipe2(gate, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	userns_hold_signals(&mask);
	pid = fork();
	if (pid < 0) {
		r = err_sys(e, "fork");
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
		return r;
	}
	if (pid == 0) {
		(void)close(report[0]);
		(void)close(gate[1]);
		child(argv, report[1], gate[0], &mask);
	}
	(void)close(report[1]);
	(void)close(gate[0]);
	r = let_go(pid, report[0], gate[1], e);
	(void)close(report[0]);
	(void)close(gate[1]);
	if (r < 0)
		(void)waitpid(pid, NULL, 0);
	else
		r = userns_wait(pid, ret_status, e);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return r;
}
