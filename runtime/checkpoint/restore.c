/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/sys.h"
#include "runtime/cgroup/layout.h"
#include "runtime/checkpoint/external.h"
#include "runtime/checkpoint/image.h"
#include "runtime/checkpoint/mount_visit.h"
#include "runtime/checkpoint/netlock.h"
#include "runtime/checkpoint/restore_notify.h"
#include "runtime/checkpoint/restore_root.h"
#include "runtime/creation/run.h"
#include "runtime/criu/descriptors.h"

#define LOG_FILE "restore.log"
/* When its work is done, or not wanted any more: to remove what it has lying around. */
#define CRIU_PATIENCE_MS 10000
#define PROC_CGROUP_MAX  65536

struct restore {
	const struct criu_flags *flags;
	struct image image;
	struct strv descriptors; /* what the first ones were */
	struct criu_options options;
	struct criu_talk talk;
	struct restore_scene scene;
	int *fds; /* what criu gets from CRIU_FD_FIRST on; owned, and the descriptors from `own` on
		   */
	size_t n_fds, own;
	char *root; /* where the root file system is bound; owned */
};

static int pass_fd(struct restore *x, int fd)
{
	x->fds = xreallocarray(x->fds, x->n_fds + 1, sizeof(*x->fds));
	x->fds[x->n_fds] = fd;
	return CRIU_FD_FIRST + (int)x->n_fds++;
}

/* criu strips the first byte of a file's name, for names begin with a slash. */
static void inherit(struct restore *x, const char *name, int fd)
{
	enum descriptor_kind kind = descriptor_kind(name);

	if (kind == DESCRIPTOR_OTHER || fcntl(fd, F_GETFD) < 0)
		return;
	criu_options_inherit(&x->options, kind == DESCRIPTOR_FILE ? name + 1 : name,
			     pass_fd(x, fd));
}

/* Our standard streams, and those a caller wants to be passed on. */
static void decide_descriptors(struct restore *x, const struct inherit *in)
{
	size_t n = 3 + in->listen_fds + in->preserve_fds;

	for (size_t i = 0; i < x->descriptors.n && i < n; i++)
		inherit(x, x->descriptors.v[i], (int)i);
	x->own = x->n_fds;
}

static int decide_namespaces(struct restore *x, const struct runtime_spec *spec, struct err *e)
{
	const struct spec_namespace *ns = spec->linux_ ? spec->linux_->namespaces.items : NULL;

	for (size_t i = 0; ns && i < spec->linux_->namespaces.n; i++) {
		enum oci_namespace type = (enum oci_namespace)ns[i].type;
		const char *cookie = criu_namespace_cookie(type);
		int fd;

		if (!ns[i].path)
			continue;
		if (!cookie) {
			criu_options_join(&x->options, criu_namespace_join(type), ns[i].path);
			continue;
		}
		fd = open(ns[i].path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "config.json: linux.namespaces[%zu].path: open '%s'", i,
				       ns[i].path);
		criu_options_inherit(&x->options, cookie, pass_fd(x, fd));
	}
	return 0;
}

struct cgroup_roots {
	struct criu_options *options;
	const char *proc_cgroup; /* of criu, when it is in the container's group; NULL: it is not */
};

static int add_cgroup_root(const char *controllers, const char *mount UNUSED, const char *path,
			   void *ctx, struct err *e UNUSED)
{
	const struct cgroup_roots *roots = ctx;
	autofree char *real = roots->proc_cgroup ? layout_path_of(roots->proc_cgroup, controllers)
						 : xstrdup(path);

	criu_options_cgroup_root(roots->options, controllers, real ? real : path);
	return 0;
}

/* The image's groups become ours, whatever their names were.  systemd may have given the scope a
 * group below for the container's processes. */
static int decide_cgroup(struct restore *x, const struct creation *c, struct err *e)
{
	autofree char *name = xasprintf("/proc/%d/cgroup", (int)x->talk.swrk.pid), *text = NULL;
	struct cgroup_roots roots = { .options = &x->options };
	int r = 0;

	if (cgroup_is_none(c->cgroup)) {
		x->options.opts.manage_cgroups_mode = pb_set(CRIU_CG_IGNORE);
		return 0;
	}
	if (cgroup_needs_process(c->cgroup))
		r = file_read_at(AT_FDCWD, name, PROC_CGROUP_MAX, &text, NULL, e);
	roots.proc_cgroup = text;
	return r < 0 ? r : cgroup_each(c->cgroup, add_cgroup_root, &roots, e);
}

static int decide_mounts(struct restore *x, const struct creation *c, struct err *e)
{
	struct external_mounts mounts = { 0 };
	autofree char *notify = xasprintf("%s/%s/" STORE_NOTIFY, c->store.root, c->req->id);
	autofree char *notify_dir = path_absolute(notify);
	int r = external_mounts_find(c->spec, c->bundle, c->cgroup,
				     c->notifydirfd >= 0 ? notify_dir : NULL, x->options.a, &mounts,
				     e);

	return r < 0 ? r : external_restore_mounts(&mounts, c->rootfsfd, &x->options, e);
}

/* criu makes that namespace when it moves its processes, and told not to it does neither. */
static int check_cgroup_namespace(const struct restore *x, const struct creation *c, struct err *e)
{
	bool ignored = cgroup_is_none(c->cgroup) ||
		       x->options.opts.manage_cgroups_mode.v == CRIU_CG_IGNORE;

	if (!ignored || !c->plan.is_new[OCI_NS_CGROUP])
		return 0;
	return err_set(
		e, EOPNOTSUPP,
		"config.json: linux.namespaces: criu makes no cgroup namespace %s: remove it "
		"there, or let criu manage control groups",
		cgroup_is_none(c->cgroup) ? "for a container without a control group"
					  : "with --manage-cgroups-mode ignore");
}

static int decide(struct restore *x, const struct creation *c, struct err *e)
{
	struct criu_opts *o = &x->options.opts;
	int r = criu_options_flags(&x->options, x->flags, e);

	if (r >= 0)
		r = netlock_options(c->spec, x->image.dirfd, &x->options, e);
	if (r >= 0)
		r = check_cgroup_namespace(x, c, e);
	if (r >= 0)
		r = criu_check_namespaces(c->spec, e);
	if (r >= 0)
		r = criu_check_landlock(c->spec, e);
	if (r >= 0)
		r = image_options(&x->image, c->spec, LOG_FILE, &x->options, e);
	o->root = x->root;
	o->rst_sibling = pb_set(1);
	/* A device that has another number today, but the same name. */
	o->evasive_devices = pb_set(1);
	if (r >= 0)
		r = decide_mounts(x, c, e);
	decide_descriptors(x, &c->inherit);
	return r < 0 ? r : decide_namespaces(x, c->spec, e);
}

static int make_root(struct restore *x, const struct creation *c, struct err *e)
{
	char link[FD_PATH_SIZE];
	char dir[PATH_MAX];
	ssize_t n;

	if (mkdirat(c->dirfd, STORE_CRIU_ROOT, 0700) < 0)
		return err_sys(e, "make '" STORE_CRIU_ROOT "'");
	n = readlink(fd_path(c->dirfd, link), dir, sizeof(dir) - 1);
	if (n < 0)
		return err_sys(e, "name the state directory");
	dir[n] = '\0';
	x->root = path_join(dir, STORE_CRIU_ROOT);
	return restore_root_places(c->spec, c->bundle, c->rootfs, e);
}

/* criu lives where the root is bound; nobody else ever sees that mount. */
static int start_criu(struct restore *x, const struct creation *c, struct err *e)
{
	struct mount_visit visit = MOUNT_VISIT_NONE;
	int r = mount_visit_begin(&visit, e);
	int back;

	if (r >= 0)
		r = restore_root_bind(c->rootfs, x->root, e);
	if (r >= 0)
		r = image_reopen(&x->image, c->spec, e);
	if (r >= 0)
		r = criu_start(&x->talk.swrk, x->fds, x->n_fds, x->flags->shell_job, e);
	back = mount_visit_end(&visit, r < 0 ? NULL : e);
	return r < 0 ? r : back;
}

/* A scope of systemd's is made around a process, and no other may move into it; and a criu that is
 * told not to move processes leaves them where it is itself. */
static int enter_cgroup(const struct restore *x, struct creation *c, struct err *e)
{
	const struct spec_linux *l = c->spec->linux_;
	int64_t mode = x->options.opts.manage_cgroups_mode.v;
	int r;

	if (cgroup_needs_process(c->cgroup)) {
		r = cgroup_make_around(c->cgroup, l ? l->resources : NULL, x->talk.swrk.pid, e);
		c->cgroup_made = r >= 0;
		return r < 0 ? r
			     : cgroup_delegate(c->cgroup, c->spec, c->plan.is_new[OCI_NS_CGROUP],
					       e);
	}
	if (mode != CRIU_CG_IGNORE && mode != CRIU_CG_NONE)
		return 0;
	return cgroup_enter(c->cgroup, x->talk.swrk.pid, e);
}

/* criu keeps the clocks of what it restores running from where they were. */
static bool is_in_timens(pid_t pid)
{
	autofree char *path = xasprintf("/proc/%d/ns/time", (int)pid);
	struct stat theirs, ours;

	return stat(path, &theirs) == 0 && stat("/proc/self/ns/time", &ours) == 0 &&
	       theirs.st_ino != ours.st_ino;
}

static int adopt(struct creation *c, pid_t pid, struct err *e)
{
	if (pid <= 0)
		return err_set(e, EPROTO, "criu does not tell which process it restored");
	c->child.pidfd = sys_pidfd_open(pid, 0);
	if (c->child.pidfd < 0)
		return err_sys(e, "open process %d", (int)pid);
	c->child.pid = pid;
	c->record.in_timens = is_in_timens(pid);
	return 0;
}

static int bring(struct creation *c, struct err *e)
{
	struct restore *x = c->req->way->ctx;
	const struct criu_req req = { .type = pb_set(CRIU_RESTORE), .opts = &x->options.opts };
	const struct criu_needs needs = { .lazy_pages = x->flags->lazy_pages,
					  .no_new_privs = c->spec->process->no_new_privileges };
	pid_t pid = 0;
	int r;

	x->options.a = &c->arena;
	x->scene.creation = c;
	x->talk.swrk.sigfd = c->sigfd;
	x->talk.swrk.patience_ms = CRIU_PATIENCE_MS;
	r = make_root(x, c, e);
	if (r >= 0)
		r = decide(x, c, e);
	if (r >= 0)
		r = start_criu(x, c, e);
	x->scene.criu = x->talk.swrk.pid;
	x->options.opts.images_dir_fd = pb_set(x->image.dirfd);
	x->options.opts.work_dir_fd = pb_set(x->image.workfd);
	x->talk.logdirfd = x->image.workfd;
	if (r >= 0)
		r = enter_cgroup(x, c, e);
	if (r >= 0)
		r = decide_cgroup(x, c, e);
	if (r >= 0)
		r = criu_talk_begin(&x->talk, &req, &needs, e);
	if (r >= 0)
		r = criu_talk_until(&x->talk, CRIU_RESTORE, "post-restore", &pid, e);
	if (r < 0)
		criu_finish(&x->talk.swrk);
	return r < 0 ? r : adopt(c, pid, e);
}

/* The record names the process: it may run. */
static int let_go(struct creation *c, struct err *e)
{
	struct restore *x = c->req->way->ctx;
	int r = criu_talk_answer(&x->talk, true, e);

	if (r >= 0)
		r = criu_talk_until(&x->talk, CRIU_RESTORE, NULL, NULL, e);
	/* criu gives up on an error only up to a point. */
	if (r < 0)
		restore_kill(c);
	if (x->scene.refused)
		criu_kill(&x->talk.swrk);
	criu_finish(&x->talk.swrk);
	if (r >= 0 && unlinkat(c->dirfd, STORE_CRIU_ROOT, AT_REMOVEDIR) < 0)
		r = err_sys(e, "remove '" STORE_CRIU_ROOT "'");
	return r < 0 ? r : notify_socket_open(&c->notify, c->dirfd, e);
}

static int open_image(struct restore *x, struct err *e)
{
	int r = image_open(&x->image, x->flags, false, e);

	if (r >= 0)
		r = descriptors_read(x->image.dirfd, &x->descriptors, e);
	x->talk.logdirfd = x->image.workfd;
	x->talk.logdir = x->image.work;
	x->talk.logfile = LOG_FILE;
	return r;
}

static void restore_done(struct restore *x)
{
	criu_finish(&x->talk.swrk);
	for (size_t i = x->own; i < x->n_fds; i++)
		(void)close(x->fds[i]);
	free(x->fds);
	free(x->root);
	strv_done(&x->descriptors);
	image_done(&x->image);
}

int container_restore(struct create_request *req, const struct criu_flags *flags, bool reaper,
		      struct err *e)
{
	struct restore x = {
		.flags = flags,
		.image = IMAGE_NONE,
		.talk = { .swrk = CRIU_SWRK_NONE, .notify = restore_notified, .ctx = &x.scene },
	};
	const struct creation_way way = {
		.verb = "restore", .bring = bring, .let_go = let_go, .ctx = &x
	};
	/* What we open ourselves must not be taken for the caller's, so that comes first. */
	int r = inherit_prepare(req->preserve_fds, &(int){ 0 }, &(struct inherit){ 0 }, e);

	if (r >= 0)
		r = open_image(&x, e);
	if (r < 0) {
		restore_done(&x);
		return err_wrap(e, r, "restore '%s'", req->id);
	}
	req->way = &way;
	r = container_run(req, false, reaper, e);
	req->way = NULL;
	restore_done(&x);
	return r;
}
