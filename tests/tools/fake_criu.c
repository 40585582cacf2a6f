/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `criu swrk FD` for hosts where the real one does not work: speaks the server's
 * side of the RPC.  A dump notes the request and what the process was running; a
 * restore starts that again, in new namespaces.  Put it in PATH as "criu".
 *
 *   FAKE_CRIU_ACT      one way to misbehave, see the table of acts
 *   FAKE_CRIU_VERSION  MAJOR.MINOR, 4.1
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/strbuf.h"
#include "runtime/criu/rpc.h"

static int sock;
static const char *act = "";

static bool is_act(const char *name)
{
	return streq(act, name);
}

static void die(const char *what)
{
	perror(what);
	exit(9);
}

static void send_resp(const struct criu_resp *resp, int fd)
{
	auto_(strbuf) struct strbuf wire = { 0 };

	pb_encode(&criu_resp_message, resp, &wire);
	if (fd_send(sock, wire.data, wire.len, &fd, fd >= 0, NULL) < 0)
		die("send");
}

static bool receive(struct arena *a, struct criu_req *ret)
{
	static char wire[1 << 20];
	int n = fd_recv(sock, wire, sizeof(wire), NULL, NULL, NULL);

	*ret = (struct criu_req){ 0 };
	return n > 0 && pb_decode(&criu_req_message, wire, (size_t)n, a, ret, NULL) >= 0;
}

/* Tell of a moment and wait for the word to go on. */
static bool notify_fd(const char *script, pid_t pid, int fd)
{
	auto_(arena) struct arena a = { 0 };
	struct criu_notify n = { .script = script, .pid = { pid > 0, pid } };
	struct criu_resp resp = { .type = pb_set(CRIU_NOTIFY), .success = pb_set(1), .notify = &n };
	struct criu_req req;

	send_resp(&resp, fd);
	return receive(&a, &req) && req.type.v == CRIU_NOTIFY && req.notify_success.v;
}

static bool notify(const char *script, pid_t pid)
{
	return notify_fd(script, pid, -1);
}

/* ---- What was asked for, as text ---- */

static void show_value(const struct pb_field *f, const void *slot, FILE *out)
{
	if (f->kind == PB_STRING) {
		(void)fprintf(out, "%s=%s\n", f->name, *(const char *const *)slot);
	} else if (f->kind != PB_MESSAGE) {
		(void)fprintf(out, "%s=%lld\n", f->name,
			      (long long)((const struct pb_number *)slot)->v);
	} else {
		(void)fprintf(out, "%s", f->name);
		for (size_t i = 0; i < f->type->n_fields; i++) {
			const struct pb_field *sub = &f->type->fields[i];
			const void *at = (const char *)slot + sub->offset;

			if (sub->kind == PB_STRING && *(const char *const *)at)
				(void)fprintf(out, " %s", *(const char *const *)at);
			else if (sub->kind != PB_STRING && ((const struct pb_number *)at)->set)
				(void)fprintf(out, " %lld",
					      (long long)((const struct pb_number *)at)->v);
		}
		(void)fprintf(out, "\n");
	}
}

static size_t item_size(const struct pb_field *f)
{
	return f->kind == PB_MESSAGE  ? f->type->size
	       : f->kind == PB_STRING ? sizeof(char *)
				      : sizeof(struct pb_number);
}

static void show_opts(const struct criu_opts *opts, FILE *out)
{
	const struct pb_message *m = criu_req_message.fields[1].type;

	for (size_t i = 0; i < m->n_fields; i++) {
		const struct pb_field *f = &m->fields[i];
		const void *slot = (const char *)opts + f->offset;
		const struct pb_list *list = slot;

		if (f->bits & PB_REPEATED) {
			for (size_t n = 0; n < list->n; n++)
				show_value(f, (const char *)list->items + n * item_size(f), out);
		} else if (f->kind == PB_MESSAGE) {
			if (*(const void *const *)slot)
				show_value(f, *(const void *const *)slot, out);
		} else if (f->kind == PB_STRING ? *(const char *const *)slot != NULL
						: ((const struct pb_number *)slot)->set) {
			show_value(f, slot, out);
		}
	}
}

/* A directory criu was given by a descriptor of its client, as it opens it. */
static int open_dir(const struct pb_number *fd)
{
	autofree char *path = xasprintf("/proc/%d/fd/%lld", (int)getppid(), (long long)fd->v);
	int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		die("open a directory of the client");
	return dirfd;
}

/* Whose the images are for whom reads them. */
static void show_owners(int dirfd, FILE *out)
{
	struct stat st;

	if (fstat(dirfd, &st) == 0)
		(void)fprintf(out, "images of %u\n", st.st_uid);
	if (fstatat(dirfd, "parent", &st, 0) == 0)
		(void)fprintf(out, "parent of %u\n", st.st_uid);
}

static void note_request(const struct criu_opts *opts, int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (!out)
		die("note the request");
	show_opts(opts, out);
	show_owners(dirfd, out);
	(void)fclose(out);
}

static void write_log(const struct criu_opts *opts, const char *text)
{
	int workfd = open_dir(opts->work_dir_fd.set ? &opts->work_dir_fd : &opts->images_dir_fd);

	(void)file_replace_at(workfd, opts->log_file, text, strlen(text), 0600, FILE_NO_SYNC, NULL);
	(void)close(workfd);
}

/* ---- Requests ---- */

static void answer(enum criu_req_type type, bool success, pid_t pid)
{
	struct criu_restored restored = { .pid = pb_set(pid) };
	struct criu_resp resp = { .type = pb_set(type), .success = pb_set(success) };

	if (type == CRIU_RESTORE)
		resp.restore = &restored;
	if (!success)
		resp.cr_errno = pb_set(EBADRQC);
	send_resp(&resp, -1);
}

static void copy_cmdline(pid_t pid, int dirfd)
{
	autofree char *path = xasprintf("/proc/%d/cmdline", (int)pid), *text = NULL;
	autofree char *link = xasprintf("/proc/%d/exe", (int)pid);
	char exe[PATH_MAX] = "";
	size_t len = 0;

	if (readlink(link, exe, sizeof(exe) - 1) < 0 ||
	    file_read_at(AT_FDCWD, path, 65536, &text, &len, NULL) < 0 ||
	    file_replace_at(dirfd, "cmdline", text, len, 0600, FILE_NO_SYNC, NULL) < 0 ||
	    file_replace_at(dirfd, "exe", exe, strlen(exe), 0600, FILE_NO_SYNC, NULL) < 0)
		die("note the program");
}

static bool dump(const struct criu_opts *opts, enum criu_req_type type)
{
	int dirfd = open_dir(&opts->images_dir_fd);
	pid_t pid = (pid_t)opts->pid.v;

	note_request(opts, dirfd, "dump-request");
	copy_cmdline(pid, dirfd);
	if (!notify("pre-dump", 0) || (opts->lazy_pages.v && !notify("status-ready", 0)) ||
	    !notify("network-lock", 0))
		return false;
	if (type == CRIU_DUMP && (!notify("post-dump", 0) || !notify("network-unlock", 0)))
		return false;
	if (type == CRIU_DUMP && !opts->leave_running.v)
		(void)kill(pid, SIGKILL);
	answer(type, true, 0);
	return true;
}

static char **read_cmdline(int dirfd)
{
	char *text = NULL, **argv = xcalloc(256, sizeof(*argv));
	size_t len = 0, n = 0;

	if (file_read_at(dirfd, "cmdline", 65536, &text, &len, NULL) < 0)
		die("read the image");
	for (size_t at = 0; at < len && n < 255; at += strlen(text + at) + 1)
		argv[n++] = text + at;
	return argv;
}

static void enter_cgroups(const struct criu_opts *opts, pid_t pid)
{
	const struct criu_cgroup_root *g = opts->cg_root.items;

	for (size_t i = 0; i < opts->cg_root.n; i++) {
		const char *named = starts_with(g[i].ctrl, "name=") ? g[i].ctrl + 5 : g[i].ctrl;
		autofree char *dir = xasprintf("/sys/fs/cgroup/%s%s/cgroup.procs",
					       *named ? named : "unified", g[i].path);
		autofree char *pure = xasprintf("/sys/fs/cgroup%s/cgroup.procs", g[i].path);
		autofree char *text = xasprintf("%d", (int)pid);

		if (file_write_at(AT_FDCWD, dir, text, NULL) < 0)
			(void)file_write_at(AT_FDCWD, pure, text, NULL);
	}
}

/* The restored process: waits at `gofd`, then is what it was. */
static void be_restored(const struct criu_opts *opts, int dirfd, int gofd)
{
	char **argv = read_cmdline(dirfd), *exe = NULL;
	const struct criu_inherit_fd *in = opts->inherit_fd.items;
	char go;

	for (size_t i = 0, next = 0; i < opts->inherit_fd.n; i++)
		if (!starts_with(in[i].key, "extRoot") && next < 3)
			(void)dup2((int)in[i].fd.v, (int)next++);
	(void)setsid();
	if (file_read_at(dirfd, "exe", PATH_MAX, &exe, NULL, NULL) < 0)
		_exit(8);
	if (read(gofd, &go, 1) != 1 || chroot(opts->root) < 0 || chdir("/") < 0)
		_exit(8);
	(void)fd_cloexec_from(3, NULL);
	(void)execv(exe, argv);
	_exit(127);
}

/* In the network namespace it is given, if any; 1: there is one. */
static bool join_network(const struct criu_opts *opts)
{
	const struct criu_inherit_fd *in = opts->inherit_fd.items;

	for (size_t i = 0; i < opts->inherit_fd.n; i++)
		if (streq(in[i].key, "extRootNetNS") && !is_act("no-joins"))
			return setns((int)in[i].fd.v, CLONE_NEWNET) == 0;
	return false;
}

static pid_t clone_sibling(const struct criu_opts *opts)
{
	int flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
		    CLONE_NEWCGROUP;

	if (is_act("host-namespaces"))
		flags = 0;
	if (is_act("host-mounts"))
		flags &= ~CLONE_NEWNS;
	if (join_network(opts))
		flags &= ~CLONE_NEWNET;
	flags |= CLONE_PARENT | SIGCHLD;
	return (pid_t)syscall(SYS_clone, (unsigned long)flags, NULL, NULL, NULL, NULL);
}

static bool tell_terminal(void)
{
	int master = -1, slave = -1;

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		die("openpty");
	return notify_fd("orphan-pts-master", 0, is_act("no-terminal") ? -1 : master);
}

/* Let the process go, and wait until it runs its program: its client removes what it comes from. */
static void resume(int gofd, int donefd)
{
	char c;

	if (write(gofd, "g", 1) != 1)
		die("resume");
	while (read(donefd, &c, 1) > 0)
		;
}

static bool tell_of_restore(pid_t pid, int gofd, int donefd)
{
	if (!notify("setup-namespaces", pid) || !notify("post-setup-namespaces", 0))
		return false;
	if (is_act("terminal") || is_act("no-terminal"))
		if (!tell_terminal())
			return false;
	if (is_act("fail-late"))
		return false;
	if (!is_act("no-post-restore") && !notify("post-restore", is_act("no-pid") ? 0 : pid))
		return false;
	if (!notify("network-unlock", 0))
		return false;
	/* As the real one: what is answered here is not obeyed. */
	(void)notify("pre-resume", 0);
	resume(gofd, donefd);
	(void)notify("post-resume", 0);
	return true;
}

static bool restore(const struct criu_opts *opts)
{
	int dirfd = open_dir(&opts->images_dir_fd), pair[2], done[2];
	pid_t pid;

	note_request(opts, dirfd, "restore-request");
	if (!notify("pre-restore", 0))
		return false;
	if (pipe(pair) < 0 || pipe2(done, O_CLOEXEC) < 0)
		die("pipe");
	pid = clone_sibling(opts);
	if (pid < 0)
		die("clone");
	if (pid == 0) {
		(void)close(pair[1]);
		be_restored(opts, dirfd, pair[0]);
	}
	(void)close(pair[0]);
	(void)close(done[1]);
	if (!is_act("outside"))
		enter_cgroups(opts, pid);
	if (tell_of_restore(pid, pair[1], done[0])) {
		answer(CRIU_RESTORE, true, pid);
		return true;
	}
	(void)kill(pid, SIGKILL);
	write_log(opts, "(00.1) Error (criu/x.c:1): late reason\n"
			"(00.2) Error (criu/cr-restore.c:2): Restoring FAILED.\n");
	answer(CRIU_RESTORE, false, -1);
	return false;
}

/* ---- Ways to misbehave ---- */

static void act_die(const struct criu_req *req)
{
	(void)req;
	(void)fprintf(stderr, "Error (criu/early.c:1): the early reason\n");
	exit(3);
}

static void act_fail(const struct criu_req *req)
{
	write_log(req->opts, "(00.01) ordinary\n"
			     "(00.02)    206: Error (criu/files.c:7): Can't lookup \x1b[31mmount\n"
			     "(00.03) Error (criu/cr-dump.c:9): Dump files failed with -1\n"
			     "(00.04) Error (criu/cr-dump.c:2053): Dumping FAILED.\n");
	answer((enum criu_req_type)req->type.v, false, -1);
	exit(1);
}

static void act_fail_mutely(const struct criu_req *req)
{
	answer((enum criu_req_type)req->type.v, false, -1);
	exit(1);
}

/* Until the client closes its end: the real one finds out at its next message. */
static void wait_for_end(void)
{
	char c;

	while (read(sock, &c, 1) > 0)
		;
	exit(1);
}

static void act_garbage(const struct criu_req *req)
{
	(void)req;
	(void)!write(sock, "\x08\x01\x10\x01\x2a\xff\xff\x03zz", 10);
	wait_for_end();
}

static void act_huge(const struct criu_req *req)
{
	static char zeros[100000];

	(void)req;
	(void)!write(sock, zeros, sizeof(zeros));
	wait_for_end();
}

static void act_wrong_type(const struct criu_req *req)
{
	(void)req;
	answer(CRIU_VERSION, true, 0);
	exit(0);
}

static void act_many_fds(const struct criu_req *req)
{
	const int fds[] = { 0, 1, 2, 0, 1 };
	auto_(strbuf) struct strbuf wire = { 0 };
	struct criu_notify n = { .script = "pre-dump" };
	struct criu_resp resp = { .type = pb_set(CRIU_NOTIFY), .success = pb_set(1), .notify = &n };

	pb_encode(&criu_resp_message, &resp, &wire);
	(void)fd_send(sock, wire.data, wire.len, fds, ARRAY_LEN(fds), NULL);
	(void)act_fail_mutely(req);
}

/* An answer, but no end. */
static void act_stubborn(const struct criu_req *req)
{
	answer((enum criu_req_type)req->type.v, false, -1);
	for (;;)
		(void)pause();
}

static void act_hang(const struct criu_req *req)
{
	write_log(req->opts, "hanging\n");
	wait_for_end();
}

static const struct {
	const char *name;
	void (*run)(const struct criu_req *req);
} acts[] = {
	{ "die", act_die },           { "fail", act_fail }, { "fail-mutely", act_fail_mutely },
	{ "garbage", act_garbage },   { "huge", act_huge }, { "wrong-type", act_wrong_type },
	{ "many-fds", act_many_fds }, { "hang", act_hang }, { "stubborn", act_stubborn },
};

static void tell_version(void)
{
	const char *text = getenv("FAKE_CRIU_VERSION");
	int major = 4, minor = 1;
	struct criu_version v;
	struct criu_resp resp = { .type = pb_set(CRIU_VERSION), .success = pb_set(1) };

	if (text)
		(void)sscanf(text, "%d.%d", &major, &minor);
	v = (struct criu_version){ .major = pb_set(major), .minor = pb_set(minor) };
	if (!is_act("no-version"))
		resp.version = &v;
	send_resp(&resp, -1);
}

static void tell_features(const struct criu_req *req)
{
	bool none = is_act("no-features");
	struct criu_features f = { .mem_track = pb_set(!none && req->features->mem_track.v),
				   .lazy_pages = pb_set(!none && req->features->lazy_pages.v) };
	struct criu_resp resp = { .type = pb_set(CRIU_FEATURE_CHECK),
				  .success = pb_set(1),
				  .features = &f };

	send_resp(&resp, -1);
}

static int serve(const struct criu_req *req)
{
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		if (is_act(acts[i].name))
			acts[i].run(req);
	if (req->type.v == CRIU_RESTORE)
		return restore(req->opts) ? 0 : 1;
	return dump(req->opts, (enum criu_req_type)req->type.v) ? 0 : 1;
}

int main(int argc, char **argv)
{
	auto_(arena) struct arena a = { 0 };
	struct criu_req req;

	if (argc != 3 || !streq(argv[1], "swrk")) {
		(void)fprintf(stderr, "usage: criu swrk FD\n");
		return 2;
	}
	sock = atoi(argv[2]);
	act = getenv("FAKE_CRIU_ACT") ? getenv("FAKE_CRIU_ACT") : "";
	while (receive(&a, &req)) {
		if (req.type.v == CRIU_VERSION)
			tell_version();
		else if (req.type.v == CRIU_FEATURE_CHECK)
			tell_features(&req);
		else
			return serve(&req);
	}
	return 1;
}
