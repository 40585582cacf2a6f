/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "libutil/sys.h"
#include "runtime/cgroup/layout.h"
#include "runtime/container/external.h"
#include "runtime/container/image.h"
#include "runtime/container/mount_visit.h"
#include "runtime/container/restore_notify.h"
#include "runtime/container/restore_root.h"
#include "runtime/container/run.h"
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

static int pass_fd(struct restore *r, int fd)
{
	r->fds = xreallocarray(r->fds, r->n_fds + 1, sizeof(*r->fds));
	r->fds[r->n_fds] = fd;
	return CRIU_FD_FIRST + (int)r->n_fds++;
}

/* criu strips the first byte of a file's name, for names begin with a slash. */
static void inherit(struct restore *r, const char *name, int fd)
{
	enum descriptor_kind kind = descriptor_kind(name);

	if (kind == DESCRIPTOR_OTHER || fcntl(fd, F_GETFD) < 0)
		return;
	criu_options_inherit(&r->options, kind == DESCRIPTOR_FILE ? name + 1 : name,
			     pass_fd(r, fd));
}

/* Our standard streams, and those a caller wants to be passed on. */
static void decide_descriptors(struct restore *r, const struct inherit *in)
{
	size_t n = 3 + in->listen_fds + in->preserve_fds;

	for (size_t i = 0; i < r->descriptors.n && i < n; i++)
		inherit(r, r->descriptors.v[i], (int)i);
	r->own = r->n_fds;
}

static int decide_namespaces(struct restore *r, const struct runtime_spec *spec, struct err *e)
{
	const struct spec_namespace *ns = spec->linux_ ? spec->linux_->namespaces.items : NULL;

	for (size_t i = 0; ns && i < spec->linux_->namespaces.n; i++) {
		enum oci_namespace type = (enum oci_namespace)ns[i].type;
		const char *cookie = criu_namespace_cookie(type);
		int fd;

		if (!ns[i].path)
			continue;
		if (!cookie) {
			criu_options_join(&r->options, criu_namespace_join(type), ns[i].path);
			continue;
		}
		fd = open(ns[i].path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "config.json: linux.namespaces[%zu].path: open '%s'", i,
				       ns[i].path);
		criu_options_inherit(&r->options, cookie, pass_fd(r, fd));
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
static int decide_cgroup(struct restore *r, const struct creation *c, struct err *e)
{
	autofree char *name = xasprintf("/proc/%d/cgroup", (int)r->talk.swrk.pid), *text = NULL;
	struct cgroup_roots roots = { .options = &r->options };
	int r2 = 0;

	if (cgroup_is_none(c->cgroup)) {
		r->options.opts.manage_cgroups_mode = pb_set(CRIU_CG_IGNORE);
		return 0;
	}
	if (cgroup_needs_process(c->cgroup))
		r2 = file_read_at(AT_FDCWD, name, PROC_CGROUP_MAX, &text, NULL, e);
	roots.proc_cgroup = text;
	return r2 < 0 ? r2 : cgroup_each(c->cgroup, add_cgroup_root, &roots, e);
}

static int decide_mounts(struct restore *r, const struct creation *c, struct err *e)
{
	struct external_mounts mounts = { 0 };
	autofree char *notify = xasprintf("%s/%s/" STORE_NOTIFY, c->store.root, c->req->id);
	autofree char *notify_dir = path_absolute(notify);
	int r2 = external_mounts_find(c->spec, c->bundle, c->cgroup,
				      c->notifydirfd >= 0 ? notify_dir : NULL, r->options.a,
				      &mounts, e);

	return r2 < 0 ? r2 : external_restore_mounts(&mounts, c->rootfsfd, &r->options, e);
}

static int decide(struct restore *r, const struct creation *c, struct err *e)
{
	struct criu_opts *o = &r->options.opts;
	int r2 = criu_options_flags(&r->options, r->flags, e);

	if (r2 >= 0)
		r2 = criu_check_namespaces(c->spec, e);
	if (r2 >= 0)
		r2 = image_options(&r->image, c->spec, LOG_FILE, &r->options, e);
	o->root = r->root;
	o->rst_sibling = pb_set(1);
	/* A device that has another number today, but the same name. */
	o->evasive_devices = pb_set(1);
	if (r2 >= 0)
		r2 = decide_mounts(r, c, e);
	decide_descriptors(r, &c->inherit);
	return r2 < 0 ? r2 : decide_namespaces(r, c->spec, e);
}

static int make_root(struct restore *r, const struct creation *c, struct err *e)
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
	r->root = path_join(dir, STORE_CRIU_ROOT);
	return restore_root_places(c->spec, c->bundle, c->rootfs, e);
}

/* criu lives where the root is bound; nobody else ever sees that mount. */
static int start_criu(struct restore *r, const struct creation *c, struct err *e)
{
	struct mount_visit visit = MOUNT_VISIT_NONE;
	int r2 = mount_visit_begin(&visit, e);
	int back;

	if (r2 >= 0)
		r2 = restore_root_bind(c->rootfs, r->root, e);
	if (r2 >= 0)
		r2 = image_reopen(&r->image, e);
	if (r2 >= 0)
		r2 = criu_start(&r->talk.swrk, r->fds, r->n_fds, r->flags->shell_job, e);
	back = mount_visit_end(&visit, r2 < 0 ? NULL : e);
	return r2 < 0 ? r2 : back;
}

/* A scope of systemd's is made around a process, and no other may move into it; and a criu that is
 * told not to move processes leaves them where it is itself. */
static int enter_cgroup(const struct restore *r, struct creation *c, struct err *e)
{
	const struct spec_linux *l = c->spec->linux_;
	int64_t mode = r->options.opts.manage_cgroups_mode.v;
	int r2;

	if (cgroup_needs_process(c->cgroup)) {
		r2 = cgroup_make_around(c->cgroup, l ? l->resources : NULL, r->talk.swrk.pid, e);
		c->cgroup_made = r2 >= 0;
		return r2 < 0 ? r2
			      : cgroup_delegate(c->cgroup, c->spec, c->plan.is_new[OCI_NS_CGROUP],
						e);
	}
	if (mode != CRIU_CG_IGNORE && mode != CRIU_CG_NONE)
		return 0;
	return cgroup_enter(c->cgroup, r->talk.swrk.pid, e);
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
	struct restore *r = c->req->way->ctx;
	const struct criu_req req = { .type = pb_set(CRIU_RESTORE), .opts = &r->options.opts };
	const struct criu_needs needs = { .lazy_pages = r->flags->lazy_pages,
					  .no_new_privs = c->spec->process->no_new_privileges };
	pid_t pid = 0;
	int r2;

	r->options.a = &c->arena;
	r->scene.creation = c;
	r->talk.swrk.sigfd = c->sigfd;
	r->talk.swrk.patience_ms = CRIU_PATIENCE_MS;
	r2 = make_root(r, c, e);
	if (r2 >= 0)
		r2 = decide(r, c, e);
	if (r2 >= 0)
		r2 = start_criu(r, c, e);
	r->options.opts.images_dir_fd = pb_set(r->image.dirfd);
	r->options.opts.work_dir_fd = pb_set(r->image.workfd);
	r->talk.logdirfd = r->image.workfd;
	r->scene.criu = r->talk.swrk.pid;
	if (r2 >= 0)
		r2 = enter_cgroup(r, c, e);
	if (r2 >= 0)
		r2 = decide_cgroup(r, c, e);
	if (r2 >= 0)
		r2 = criu_talk_begin(&r->talk, &req, &needs, e);
	if (r2 >= 0)
		r2 = criu_talk_until(&r->talk, CRIU_RESTORE, "post-restore", &pid, e);
	if (r2 < 0)
		criu_finish(&r->talk.swrk);
	return r2 < 0 ? r2 : adopt(c, pid, e);
}

/* The record names the process: it may run. */
static int let_go(struct creation *c, struct err *e)
{
	struct restore *r = c->req->way->ctx;
	int r2 = criu_talk_answer(&r->talk, true, e);

	if (r2 >= 0)
		r2 = criu_talk_until(&r->talk, CRIU_RESTORE, NULL, NULL, e);
	/* criu gives up on an error only up to a point. */
	if (r2 < 0)
		restore_kill(c);
	if (r->scene.refused)
		criu_kill(&r->talk.swrk);
	criu_finish(&r->talk.swrk);
	if (r2 >= 0 && unlinkat(c->dirfd, STORE_CRIU_ROOT, AT_REMOVEDIR) < 0)
		r2 = err_sys(e, "remove '" STORE_CRIU_ROOT "'");
	return r2 < 0 ? r2 : notify_socket_open(&c->notify, c->dirfd, e);
}

static int open_image(struct restore *r, struct err *e)
{
	int r2 = image_open(&r->image, r->flags, false, e);

	if (r2 >= 0)
		r2 = descriptors_read(r->image.dirfd, &r->descriptors, e);
	r->talk.logdirfd = r->image.workfd;
	r->talk.logdir = r->image.work;
	r->talk.logfile = LOG_FILE;
	return r2;
}

static void restore_done(struct restore *r)
{
	criu_finish(&r->talk.swrk);
	for (size_t i = r->own; i < r->n_fds; i++)
		(void)close(r->fds[i]);
	free(r->fds);
	free(r->root);
	strv_done(&r->descriptors);
	image_done(&r->image);
}

int container_restore(struct create_request *req, const struct criu_flags *flags, bool reaper,
		      struct err *e)
{
	struct restore r = {
		.flags = flags,
		.image = IMAGE_NONE,
		.talk = { .swrk = CRIU_SWRK_NONE, .notify = restore_notified, .ctx = &r.scene },
	};
	const struct creation_way way = {
		.verb = "restore", .bring = bring, .let_go = let_go, .ctx = &r
	};
	/* What we open ourselves must not be taken for the caller's, so that comes first. */
	int r2 = inherit_prepare(req->preserve_fds, &(struct inherit){ 0 }, e);

	if (r2 >= 0)
		r2 = open_image(&r, e);
	if (r2 < 0) {
		restore_done(&r);
		return err_wrap(e, r2, "restore '%s'", req->id);
	}
	req->way = &way;
	r2 = container_run(req, false, reaper, e);
	req->way = NULL;
	restore_done(&r);
	return r2;
}
