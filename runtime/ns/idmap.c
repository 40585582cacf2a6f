/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libutil/caps.h"
#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/proc.h"
#include "libutil/strv.h"

#define ID_LIMIT          ((uint64_t)UINT32_MAX)
#define HELPER_OUTPUT_MAX 4096
#define MAP_FILE_MAX      65536

/* A pid as text; always sent whole. */
#define SELF_SIZE 32

bool idmap_has(const struct oci_array *mappings, uint64_t id)
{
	const struct spec_id_mapping *m = mappings->items;

	for (size_t i = 0; i < mappings->n; i++)
		if (id >= m[i].container_id.v && id - m[i].container_id.v < m[i].size.v)
			return true;
	return false;
}

static bool in_range(uint64_t first, uint64_t size)
{
	return first <= ID_LIMIT && size <= ID_LIMIT && first + size <= ID_LIMIT;
}

int idmap_format(const struct oci_array *mappings, const char *path, struct strbuf *out,
		 struct err *e)
{
	const struct spec_id_mapping *m = mappings->items;

	for (size_t i = 0; i < mappings->n; i++) {
		if (m[i].size.v == 0)
			return err_set(e, EINVAL, "%s[%zu].size: must not be 0", path, i);
		if (!in_range(m[i].container_id.v, m[i].size.v) ||
		    !in_range(m[i].host_id.v, m[i].size.v))
			return err_set(e, ERANGE, "%s[%zu]: ids end beyond 4294967295", path, i);
		strbuf_addf(out, "%llu %llu %llu\n", (unsigned long long)m[i].container_id.v,
			    (unsigned long long)m[i].host_id.v, (unsigned long long)m[i].size.v);
	}
	return strbuf_check(out, path, e);
}

static int write_proc(pid_t pid, const char *file, const char *text, struct err *e)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return file_write_at(AT_FDCWD, path, text, e);
}

/* newuidmap PID CONTAINER HOST SIZE ...: setuid programs that know /etc/subuid. */
static const struct helper {
	const char *program, *ranges;
} uid_helper = { "newuidmap", "/etc/subuid" }, gid_helper = { "newgidmap", "/etc/subgid" };

/* A setuid program gains nothing where rights may not be gained. */
static int helper_failed(const struct helper *h, const char *output, struct err *e)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return err_set(
			e, EPERM,
			"%s (this process has no_new_privs set, so that %s has no more rights "
			"than its caller)",
			output, h->program);
	return err_set(
		e, EPERM,
		"%s (map only ranges that a line 'USER:FIRST:COUNT' in %s gives to this user, "
		"or nothing but the user's own id)",
		output, h->ranges);
}

static int run_helper(const struct helper *h, pid_t pid, const char *map, struct err *e)
{
	const char *program = h->program;
	auto_(strv) struct strv argv = { 0 };
	auto_(strbuf) struct strbuf out = { .max = HELPER_OUTPUT_MAX };
	struct proc_spec spec = { .path = program, .search = true };
	autofree char *words = xstrdup(map);
	int status = 0;
	int r;

	strv_add(&argv, program);
	strv_addf(&argv, "%d", (int)pid);
	for (char *p = words; *p; p++)
		if (*p == '\n')
			*p = ' ';
	strv_split(&argv, words, ' ', true);
	spec.argv = strv_argv(&argv);
	r = proc_run(&spec, NULL, 0, &out, -1, &status, e);
	if (r == -ENOENT)
		return err_set(e, ENOENT,
			       "only %s maps more than the caller's own id, and it is not in PATH: "
			       "install it (package uidmap or shadow-utils)",
			       program);
	if (r < 0)
		return r;
	if (status == 0)
		return 0;
	while (out.len > 0 && out.data[out.len - 1] == '\n')
		strbuf_truncate(&out, out.len - 1);
	return helper_failed(h, out.len ? strbuf_str(&out) : "it failed without a word", e);
}

static int write_map(pid_t pid, const char *file, const struct helper *helper, const char *map,
		     struct err *e)
{
	int r = write_proc(pid, file, map, e);

	if (r != -EPERM)
		return r < 0 ? err_wrap(e, r, "map ids") : 0;
	/* Nobody maps what he does not have himself. */
	if (caps_hold(CAP_SETUID) && caps_hold(CAP_SETGID) && caps_hold(CAP_SETFCAP))
		return err_set(
			e, EPERM,
			"map ids: the host ids of linux.%cidMappings must all be ids of this "
			"process's own user namespace (/proc/self/%s)",
			file[0], file);
	/* More than the caller's own id: only a privileged helper may. */
	err_clear(e);
	r = run_helper(helper, pid, map, e);
	return r < 0 ? err_wrap(e, r, "map ids") : 0;
}

/* The one mapping for which the kernel asks no right, once setgroups(2) is denied. */
static bool is_own_group(const struct oci_array *gids)
{
	const struct spec_id_mapping *m = gids->items;

	return gids->n == 1 && m->size.v == 1 && m->host_id.v == getegid();
}

int idmap_write(pid_t pid, const struct oci_array *uids, const struct oci_array *gids,
		bool rootless, struct err *e)
{
	auto_(strbuf) struct strbuf uid_map = { 0 };
	auto_(strbuf) struct strbuf gid_map = { 0 };
	int r = idmap_format(uids, "linux.uidMappings", &uid_map, e);

	if (r >= 0)
		r = idmap_format(gids, "linux.gidMappings", &gid_map, e);
	if (r < 0)
		return r;
	/* Linux 3.19 and newer; where the helper writes the map, setgroups stays allowed. */
	if (rootless && is_own_group(gids)) {
		r = write_proc(pid, "setgroups", "deny", e);
		if (r < 0 && r != -ENOENT)
			return err_wrap(e, r, "deny setgroups");
	}
	r = write_map(pid, "gid_map", &gid_helper, strbuf_str(&gid_map), e);
	if (r >= 0)
		r = write_map(pid, "uid_map", &uid_helper, strbuf_str(&uid_map), e);
	return r;
}

static bool has_mapping(const struct oci_array *mappings, const unsigned long long v[3])
{
	const struct spec_id_mapping *m = mappings->items;

	for (size_t i = 0; i < mappings->n; i++)
		if (m[i].container_id.v == v[0] && m[i].host_id.v == v[1] && m[i].size.v == v[2])
			return true;
	return false;
}

bool idmap_same(const struct oci_array *mappings, const char *text)
{
	size_t lines = 0;

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n', lines++) {
		unsigned long long v[3];
		char *end = NULL;
		const char *number = at;

		for (size_t i = 0; i < ARRAY_LEN(v); i++, number = end)
			v[i] = strtoull(number, &end, 10);
		if (!has_mapping(mappings, v))
			return false;
	}
	return lines == mappings->n;
}

static int check_joined(int procfd, const char *file, const struct oci_array *mappings,
			struct err *e)
{
	autofree char *path = xasprintf("self/%s", file);
	autofree char *text = NULL;
	int r = mappings->n ? file_read_at(procfd, path, MAP_FILE_MAX, &text, NULL, e) : 0;

	if (r < 0)
		return r;
	if (mappings->n == 0 || idmap_same(mappings, text))
		return 0;
	return err_set(e, EINVAL,
		       "linux.%cidMappings: the user namespace that is joined by path has other "
		       "mappings; leave these out, or give the same",
		       file[0]);
}

int idmap_check_joined(int procfd, const struct oci_array *uids, const struct oci_array *gids,
		       struct err *e)
{
	int r = check_joined(procfd, "uid_map", uids, e);

	return r < 0 ? r : check_joined(procfd, "gid_map", gids, e);
}

/* The helper's only task is to be in a namespace until its pipe is closed. */
static void NORETURN hold_namespace(int answerfd, int holdfd)
{
	char self[SELF_SIZE] = "";
	char c;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Its pid as the mounted /proc counts, whatever pid namespace that is of. */
	if (readlink("/proc/self", self, sizeof(self) - 1) < 0 ||
	    write(answerfd, self, sizeof(self)) != (ssize_t)sizeof(self))
		_exit(1);
	while (read(holdfd, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int map_and_open(const char *self, const struct oci_array *uids,
			const struct oci_array *gids, struct err *e)
{
	char path[64];
	int pid = atoi(self);
	int r = pid > 0 ? idmap_write(pid, uids, gids, false, e)
			: err_set(e, ESRCH, "the helper with the mappings died");
	int fd;

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", path) : fd;
}

/* Ends of two pipes between the helper and us. */
struct helper_pipes {
	int answer[2];
	int hold[2];
};

static void helper_pipes_done(struct helper_pipes *p)
{
	for (int i = 0; i < 2; i++) {
		close_at_exit(&p->answer[i]);
		close_at_exit(&p->hold[i]);
	}
}
AUTO_DEFINE_DONE(helper_pipes, helper_pipes_done)

static void close_end(int *fd)
{
	close_at_exit(fd);
	*fd = -1;
}

static int serve_helper(struct helper_pipes *p, const struct oci_array *uids,
			const struct oci_array *gids, struct err *e)
{
	char self[SELF_SIZE] = "";

	/* The helper's ends: its death must be end-of-file. */
	close_end(&p->answer[1]);
	close_end(&p->hold[0]);
	if (read(p->answer[0], self, sizeof(self)) != (ssize_t)sizeof(self))
		return err_set(e, ESRCH, "the helper with the mappings died");
	return map_and_open(self, uids, gids, e);
}

int idmap_userns_fd(const struct oci_array *uids, const struct oci_array *gids, struct err *e)
{
	auto_(helper_pipes) struct helper_pipes p = { { -1, -1 }, { -1, -1 } };
	int status;
	pid_t child;
	int r;

	if (pipe2(p.answer, O_CLOEXEC) < 0 || pipe2(p.hold, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	child = (pid_t)syscall(SYS_clone, (unsigned long)CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (child < 0)
		return err_sys(e, "make a user namespace for an idmapped mount");
	if (child == 0) {
		close_end(&p.hold[1]);
		hold_namespace(p.answer[1], p.hold[0]);
	}
	r = serve_helper(&p, uids, gids, e);
	close_end(&p.hold[1]);
	(void)proc_wait(child, &status, NULL);
	return r;
}
