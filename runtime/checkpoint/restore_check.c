/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/restore_check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "runtime/checkpoint/restore_user.h"

#define PROC_FILE_MAX ((size_t)1 << 20)
#define NOT_AS        "what the image holds is not what config.json allows"

struct restored {
	const struct runtime_spec *spec;
	pid_t init, criu;
	char *uid_map, *gid_map; /* of init; owned */
};

/* ---- Rights ---- */

static uint64_t granted(const struct oci_strings *names)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < names->n; i++) {
		int n = oci_capability_number(names->items[i]);

		bits |= n < 0 ? 0 : (uint64_t)1 << n;
	}
	return bits;
}

static uint64_t granted_at_all(const struct spec_process *p)
{
	const struct spec_capabilities *c = p ? p->capabilities : NULL;

	return c ? granted(&c->bounding) | granted(&c->permitted) | granted(&c->effective) |
			       granted(&c->inheritable) | granted(&c->ambient)
		 : 0;
}

/* The value behind "NAME:\t", 0 when the kernel does not tell. */
static uint64_t value_of(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name);

	return at ? strtoull(at + strlen(name), NULL, base) : 0;
}

static int check_caps(const char *status, const struct runtime_spec *spec, struct err *e)
{
	static const char *const sets[] = { "\nCapBnd:", "\nCapPrm:", "\nCapEff:", "\nCapInh:",
					    "\nCapAmb:" };
	uint64_t may = granted_at_all(spec->process);

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		uint64_t beyond = value_of(status, sets[i], 16) & ~may;

		for (int n = 0; n < OCI_CAPABILITY_COUNT; n++)
			if (beyond & ((uint64_t)1 << n))
				return err_set(e, EPERM, "%s has %s, which is not granted",
					       sets[i] + 1, oci_capability_names[n]);
		if (beyond)
			return err_set(e, EPERM, "%s has more than is granted", sets[i] + 1);
	}
	return 0;
}

int restore_check_status(const char *status, const struct runtime_spec *spec, struct err *e)
{
	const struct spec_seccomp *s = spec->linux_ ? spec->linux_->seccomp : NULL;
	int r = check_caps(status, spec, e);

	if (r < 0)
		return r;
	if (s && value_of(status, "\nSeccomp:", 10) == 0)
		return err_set(e, EPERM, "it has no system call filter");
	if (spec->process && spec->process->no_new_privileges &&
	    value_of(status, "\nNoNewPrivs:", 10) == 0)
		return err_set(e, EPERM, "it may gain privileges");
	return 0;
}

int restore_check_map(const char *map, const struct oci_array *mappings, struct err *e)
{
	const struct spec_id_mapping *m = mappings->items;
	const char *at = map;

	for (size_t i = 0; i < mappings->n; i++) {
		uint64_t inside = 0, outside = 0, size = 0;
		int used = 0;

		if (sscanf(at, " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", &inside, &outside, &size,
			   &used) != 3 ||
		    inside != m[i].container_id.v || outside != m[i].host_id.v ||
		    size != m[i].size.v)
			return err_set(e, EPERM, "its ids are mapped differently");
		at += used;
	}
	if (at[strspn(at, " \n")] != '\0')
		return err_set(e, EPERM, "more ids are mapped");
	return 0;
}

/* ---- Namespaces ---- */

static const char *const ns_links[OCI_NS_COUNT] = {
	[OCI_NS_PID] = "pid",       [OCI_NS_NETWORK] = "net", [OCI_NS_MOUNT] = "mnt",
	[OCI_NS_IPC] = "ipc",       [OCI_NS_UTS] = "uts",     [OCI_NS_USER] = "user",
	[OCI_NS_CGROUP] = "cgroup",
};

/* 1 the same, 0 not. */
static int same_namespace(const char *a, const char *b, struct err *e)
{
	struct stat sta, stb;

	if (stat(a, &sta) < 0)
		return err_sys(e, "stat '%s'", a);
	if (stat(b, &stb) < 0)
		return err_sys(e, "stat '%s'", b);
	return sta.st_ino == stb.st_ino && sta.st_dev == stb.st_dev;
}

/* The host's, or that in which criu itself works and sees all of the host's mounts. */
static int is_outside(const struct restored *x, const char *theirs, const char *link, struct err *e)
{
	autofree char *ours = xasprintf("/proc/self/ns/%s", link);
	autofree char *crius = xasprintf("/proc/%d/ns/%s", (int)x->criu, link);
	int r = same_namespace(theirs, ours, e);

	return r != 0 || x->criu <= 0 ? r : same_namespace(theirs, crius, e);
}

/* The first process is where config.json says; others, and what they made, may have moved on. */
static int check_namespace(const struct restored *x, const struct spec_namespace *ns,
			   const char *proc, bool first, struct err *e)
{
	const char *link = ns_links[ns->type], *name = oci_namespace_words.words[ns->type - 1];
	autofree char *theirs = xasprintf("%s/ns/%s", proc, link);
	int r = ns->path ? same_namespace(theirs, ns->path, e) : 0;

	if (r != 0)
		return r < 0 ? r : 0;
	r = is_outside(x, theirs, link, e);
	if (r < 0)
		return r;
	if (r > 0)
		return err_set(e, EPERM, "it is in the host's %s namespace", name);
	if (ns->path && first)
		return err_set(e, EPERM, "its %s namespace is not '%s'", name, ns->path);
	return 0;
}

static int check_namespaces(const struct restored *x, const char *proc, bool first, struct err *e)
{
	const struct spec_linux *l = x->spec->linux_;
	const struct spec_namespace *ns = l ? l->namespaces.items : NULL;
	int r = 0;

	for (size_t i = 0; r >= 0 && ns && i < l->namespaces.n; i++)
		if (ns_links[ns[i].type])
			r = check_namespace(x, &ns[i], proc, first, e);
	return r;
}

static int read_proc(const char *proc, const char *name, char **ret, struct err *e)
{
	autofree char *path = xasprintf("%s/%s", proc, name);

	return file_read_at(AT_FDCWD, path, PROC_FILE_MAX, ret, NULL, e);
}

/* Also where nobody maps ids, for users are compared by them. */
static int check_ids(struct restored *x, struct err *e)
{
	const struct spec_namespace *ns = spec_find_namespace(x->spec, OCI_NS_USER);
	autofree char *proc = xasprintf("/proc/%d", (int)x->init);
	int r = read_proc(proc, "uid_map", &x->uid_map, e);

	if (r >= 0)
		r = read_proc(proc, "gid_map", &x->gid_map, e);
	if (r < 0 || !ns || ns->path)
		return r;
	r = restore_check_map(x->uid_map, &x->spec->linux_->uid_mappings, e);
	return r < 0 ? r : restore_check_map(x->gid_map, &x->spec->linux_->gid_mappings, e);
}

/* ---- Mounts ---- */

static bool is_read_only(int fd)
{
	struct statvfs st;

	return fstatvfs(fd, &st) == 0 && (st.f_flag & ST_RDONLY);
}

static int not_empty(int dirfd UNUSED, const char *name UNUSED, unsigned char type UNUSED,
		     void *ctx UNUSED, struct err *e UNUSED)
{
	return 1;
}

static bool is_masked(int rootfd, const char *path, int fd)
{
	struct stat st;
	autofd int dirfd = -1;

	if (fstat(fd, &st) < 0)
		return false;
	if (S_ISCHR(st.st_mode))
		return st.st_rdev == makedev(1, 3);
	if (!S_ISDIR(st.st_mode))
		return false;
	dirfd = beneath_open(rootfd, path, O_RDONLY | O_DIRECTORY, 0, BENEATH_CHROOT, NULL);
	return dirfd >= 0 && dir_each(dirfd, not_empty, NULL, NULL) == 0;
}

static int check_path(int rootfd, const char *path, bool masked, struct err *e)
{
	autofd int fd = beneath_open(rootfd, path, O_PATH, 0, BENEATH_CHROOT, NULL);

	/* Nothing there, nothing to protect. */
	if (fd < 0 || (masked ? is_masked(rootfd, path, fd) : is_read_only(fd)))
		return 0;
	return err_set(e, EPERM, "'%s' is not %s", path, masked ? "masked" : "read-only");
}

static int check_mounts(const struct runtime_spec *spec, pid_t init, struct err *e)
{
	autofree char *path = xasprintf("/proc/%d/root", (int)init);
	autofd int rootfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct spec_linux *l = spec->linux_;
	int r = 0;

	if (rootfd < 0)
		return err_sys(e, "open '%s'", path);
	if (spec->root && spec->root->readonly && !is_read_only(rootfd))
		return err_set(e, EPERM, "'/' is not read-only");
	for (size_t i = 0; r >= 0 && l && i < l->readonly_paths.n; i++)
		r = check_path(rootfd, l->readonly_paths.items[i], false, e);
	for (size_t i = 0; r >= 0 && l && i < l->masked_paths.n; i++)
		r = check_path(rootfd, l->masked_paths.items[i], true, e);
	return r;
}

/* ---- All ---- */

/* Rights, ids and namespaces are each thread's own. */
static int check_thread(const struct restored *x, const char *proc, bool first, struct err *e)
{
	autofree char *status = NULL, *theirs = xasprintf("%s/ns/user", proc);
	autofree char *inits = xasprintf("/proc/%d/ns/user", (int)x->init);
	int r = check_namespaces(x, proc, first, e);

	if (r >= 0)
		r = read_proc(proc, "status", &status, e);
	if (r >= 0)
		r = restore_check_user(status, x->uid_map, x->gid_map, x->spec, e);
	if (r >= 0)
		r = same_namespace(theirs, inits, e);
	/* In a user namespace of its own a process has every right, over nothing else. */
	return r <= 0 ? r : restore_check_status(status, x->spec, e);
}

struct threads {
	const struct restored *of;
	pid_t pid;
};

static int check_entry(int dirfd UNUSED, const char *name, unsigned char type UNUSED, void *ctx,
		       struct err *e)
{
	const struct threads *t = ctx;
	autofree char *proc = xasprintf("/proc/%d/task/%s", (int)t->pid, name);

	return check_thread(t->of, proc, t->pid == t->of->init, e);
}

static int check_process(const struct restored *x, pid_t pid, struct err *e)
{
	struct threads threads = { x, pid };
	autofree char *path = xasprintf("/proc/%d/task", (int)pid);
	autofd int dirfd = dir_open_at(AT_FDCWD, path, e);
	int r = dirfd < 0 ? dirfd : dir_each(dirfd, check_entry, &threads, e);

	return r < 0 ? err_wrap(e, r, "process %d", (int)pid) : 0;
}

int restore_check(const struct runtime_spec *spec, pid_t criu, const pid_t *pids, size_t n_pids,
		  struct err *e)
{
	struct restored x = { .spec = spec, .init = pids[0], .criu = criu };
	int r = check_ids(&x, e);

	for (size_t i = 0; r >= 0 && i < n_pids; i++)
		r = check_process(&x, pids[i], e);
	if (r >= 0)
		r = check_mounts(spec, x.init, e);
	free(x.uid_map);
	free(x.gid_map);
	return r < 0 ? err_wrap(e, r, NOT_AS) : 0;
}
