/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child shares this process's memory and this process stands still until
 * it has called exec or ended (CLONE_VM and CLONE_VFORK): nothing is copied,
 * and a failure comes back in a plain struct.  The child has its own stack,
 * descriptor table and signal dispositions, and writes nothing but that struct
 * and its process id where it was asked to.
 */
#include "libutil/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/sig.h"
#include "libutil/sys.h"

/* Inside the parent's frame, which outlives the child's use of it. */
#define CHILD_STACK    32768
#define DEFAULT_SEARCH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct child {
	const struct proc_spec *spec;
	const char *path;
	int *fds; /* spec->fds; scratch for moving them out of the way */
	pid_t parent;
	int parentfd; /* a pidfd of it, where it has no number for the child; else -1 */
	/* Written by the child. */
	const char *volatile step;
	volatile int error;
};

/* Sources that stand where another descriptor has to go are moved above all targets first. */
static int move_up(struct child *c, int *cwdfd)
{
	int n = (int)c->spec->n_fds;

	for (int i = 0; i < n; i++) {
		int fd = c->fds[i];

		if (fd < 0 || fd >= n || fd == i)
			continue;
		c->fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, n);
		if (c->fds[i] < 0)
			return -1;
	}
	if (*cwdfd > 0 && *cwdfd < n)
		*cwdfd = fcntl(*cwdfd, F_DUPFD_CLOEXEC, n);
	return *cwdfd < 0 ? -1 : 0;
}

static int put_null(int target)
{
	int fd = open("/dev/null", O_RDWR | O_NOCTTY);

	if (fd < 0 || fd == target)
		return fd;
	if (dup2(fd, target) < 0)
		return -1;
	return close(fd);
}

static int put_fd(int from, int target)
{
	if (from < 0)
		return put_null(target);
	/* dup2() clears close-on-exec, but does nothing when both are the same. */
	return from == target ? fcntl(from, F_SETFD, 0) : dup2(from, target);
}

static int arrange_fds(struct child *c, int *cwdfd)
{
	int n = (int)c->spec->n_fds;

	if (move_up(c, cwdfd) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (put_fd(c->fds[i], i) < 0)
			return -1;
	if (c->spec->inherit)
		return 0;
	return fd_cloexec_from(n > 0 ? n : STDERR_FILENO + 1, NULL);
}

/* When the parent is gone already, the signal will never come. */
static int tie_to_parent(const struct child *c)
{
	struct pollfd ended = { .fd = c->parentfd, .events = POLLIN };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -1;
	if (c->parentfd >= 0 ? poll(&ended, 1, 0) != 0 : getppid() != c->parent) {
		errno = ESRCH;
		return -1;
	}
	return 0;
}

/* By hand: the parent's memory is ours, and its stdio may be in use. */
static void write_own_pid(char text[PROC_PID_TEXT_SIZE])
{
	char digits[PROC_PID_TEXT_SIZE];
	size_t n = 0, i = 0;

	for (pid_t pid = getpid(); pid > 0 && n < sizeof(digits) - 1; pid /= 10)
		digits[n++] = (char)('0' + pid % 10);
	while (n > 0)
		text[i++] = digits[--n];
	text[i] = '\0';
}

static int limit_fds(rlim_t soft)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return -1;
	lim.rlim_cur = soft;
	return setrlimit(RLIMIT_NOFILE, &lim);
}

/* Steps are named, so that the error can say which one failed. */
static int become(struct child *c)
{
	const struct proc_spec *s = c->spec;
	int cwdfd = s->cwdfd;

	/* Before signals are let in again: no handler of the parent may run in its memory. */
	c->step = "set up signals";
	sig_reset_all();
	if (s->new_session) {
		c->step = "start a session";
		if (setsid() < 0)
			return -1;
	}
	if (s->die_with_parent) {
		c->step = "die with the parent";
		if (tie_to_parent(c) < 0)
			return -1;
	}
	c->step = "arrange descriptors";
	if (arrange_fds(c, &cwdfd) < 0)
		return -1;
	if (s->nofile > 0) {
		c->step = "limit descriptors";
		if (limit_fds(s->nofile) < 0)
			return -1;
	}
	if (cwdfd > 0) {
		c->step = "change directory";
		if (fchdir(cwdfd) < 0)
			return -1;
	}
	if (s->own_pid)
		write_own_pid(s->own_pid);
	c->step = NULL;
	return execve(c->path, s->argv, s->envp ? s->envp : environ);
}

static int child_main(void *arg)
{
	struct child *c = arg;

	(void)become(c);
	c->error = errno ? errno : EIO;
	_exit(127);
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *proc_search_path(const char *name)
{
	const char *at = getenv("PATH");

	if (strchr(name, '/'))
		return xstrdup(name);
	if (!at || !*at)
		at = DEFAULT_SEARCH;
	for (;;) {
		size_t len = strcspn(at, ":");
		autofree char *path = len ? xasprintf("%.*s/%s", (int)len, at, name) : NULL;

		if (path && is_program(path))
			return steal_ptr(&path);
		if (at[len] == '\0')
			return NULL;
		at += len + 1;
	}
}

/*
 * Every signal is blocked from before the clone until the child has reset its
 * dispositions; the child's mask is emptied there.
 */
static pid_t clone_child(struct child *c, int more_flags, int *pidfd)
{
	_Alignas(16) char stack[CHILD_STACK];
	int flags = CLONE_VM | CLONE_VFORK | SIGCHLD | more_flags | (pidfd ? CLONE_PIDFD : 0);
	sigset_t all, old;
	pid_t pid;
	int error;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone(child_main, stack + sizeof(stack), flags, c, pidfd, NULL, NULL);
	error = errno;
#ifdef __SANITIZE_ADDRESS__
	/* The child's frames left their marks, and it never returned from them. */
	__asan_unpoison_memory_region(stack, sizeof(stack));
#endif
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return pid;
}

/* Without the right to it, and where the kernel has or allows none, a child is one of ours. */
static pid_t clone_with_own_pids(struct child *c, int *pidfd)
{
	autofd int parentfd = sys_pidfd_open(c->parent, 0);
	pid_t pid = -1;

	c->parentfd = parentfd;
	if (parentfd >= 0)
		pid = clone_child(c, CLONE_NEWPID, pidfd);
	if (pid >= 0)
		return pid;
	c->parentfd = -1;
	return clone_child(c, 0, pidfd);
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int proc_spawn(const struct proc_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
	const char *label = spec->argv0_label ? spec->argv0_label : spec->path;
	autofree int *fds = NULL;
	autofree char *found = NULL;
	autofd int pidfd = -1;
	struct child c = { .spec = spec, .path = spec->path, .parent = getpid(), .parentfd = -1 };
	pid_t pid;

	if (spec->search) {
		found = proc_search_path(spec->path);
		if (!found)
			return err_set(e, ENOENT, "run '%s': no such program in PATH", label);
		c.path = found;
	}
	if (spec->n_fds > 0) {
		fds = xcalloc(spec->n_fds, sizeof(*fds));
		memcpy(fds, spec->fds, spec->n_fds * sizeof(*fds));
		c.fds = fds;
	}
	pid = spec->own_pids ? clone_with_own_pids(&c, ret_pidfd ? &pidfd : NULL)
			     : clone_child(&c, 0, ret_pidfd ? &pidfd : NULL);
	if (pid < 0)
		return err_sys(e, "run '%s'", label);
	if (c.error) {
		reap(pid);
		if (c.step)
			return err_set(e, c.error, "run '%s': %s: %s", label, c.step,
				       strerror(c.error));
		return err_set(e, c.error, "run '%s': %s", label, strerror(c.error));
	}
	/* Before 5.2 the flag means nothing and is ignored. */
	if (ret_pidfd && pidfd < 0) {
		(void)kill(pid, SIGKILL);
		reap(pid);
		return err_set(e, ENOSYS, "run '%s': this kernel has no pidfds (Linux 5.3)", label);
	}
	*ret_pid = pid;
	if (ret_pidfd)
		*ret_pidfd = steal_fd(&pidfd);
	return 0;
}
