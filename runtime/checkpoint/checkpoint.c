/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/checkpoint.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/path.h"
#include "runtime/checkpoint/external.h"
#include "runtime/checkpoint/image.h"
#include "runtime/checkpoint/netlock.h"
#include "runtime/container/container.h"
#include "runtime/criu/descriptors.h"
#include "runtime/criu/talk.h"
#include "runtime/ending/delete.h"
#include "runtime/spawn/serve.h"

#define LOG_FILE "dump.log"

struct checkpoint {
	const struct criu_flags *flags;
	struct store store;
	struct container container;
	struct runtime_spec *spec;
	struct image image;
	struct criu_options options;
	struct criu_talk talk;
	int sigfd;
};

static int check_status(const struct container *c, struct err *e)
{
	enum oci_status status = OCI_STATUS_NONE;
	int r = container_status(c, &status, e);

	if (r < 0 || status == OCI_STATUS_RUNNING || status == OCI_STATUS_PAUSED)
		return r;
	return err_set(e, EINVAL, "it is %s", status_name(status));
}

static int check_flags(const struct criu_flags *f, struct err *e)
{
	if (f->status_fd != 0 && !f->lazy_pages)
		return err_set(e, EINVAL, "--status-fd needs --lazy-pages");
	if (f->status_fd != 0 && (fcntl((int)f->status_fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return err_set(e, EBADF, "--status-fd: %lld is not writable",
			       (long long)f->status_fd);
	if (f->status_fd != 0 && fcntl((int)f->status_fd, F_GETFL) < 0)
		return err_sys(e, "--status-fd: %lld", (long long)f->status_fd);
	if (f->lazy_pages && !f->page_server)
		return err_set(e, EINVAL,
			       "--lazy-pages needs --page-server: where the pages are asked for");
	if (f->lazy_pages && f->leave_running)
		return err_set(e, EINVAL,
			       "--lazy-pages and --leave-running: the pages cannot be served while "
			       "the container writes to them");
	return 0;
}

/* The v1 freezer where there is one, as criu asks it first; else the v2 group. */
static int find_freezer(const char *controllers, const char *mount, const char *path, void *ctx,
			struct err *e UNUSED)
{
	struct criu_options *o = ctx;
	autofree char *dir = path_join(mount, path);

	if (streq(controllers, "freezer") || (controllers[0] == '\0' && !o->opts.freeze_cgroup))
		o->opts.freeze_cgroup = arena_strdup(o->a, dir);
	return 0;
}

static int decide_cgroup(struct checkpoint *c, struct err *e)
{
	if (!c->container.cgroup || cgroup_is_none(c->container.cgroup)) {
		c->options.opts.manage_cgroups_mode = pb_set(CRIU_CG_IGNORE);
		return 0;
	}
	return cgroup_each(c->container.cgroup, find_freezer, &c->options, e);
}

static int decide_mounts(struct checkpoint *c, struct err *e)
{
	const struct container *k = &c->container;
	autofree char *path = xasprintf("/proc/%d/root", (int)container_pid(k));
	autofd int rootfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool notify = faccessat(k->dirfd, STORE_NOTIFY, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	struct external_mounts mounts = { 0 };
	int r;

	if (rootfd < 0)
		return err_sys(e, "open '%s'", path);
	r = external_mounts_find(c->spec, k->record->bundle, k->cgroup, notify ? "" : NULL,
				 c->options.a, &mounts, e);
	return r < 0 ? r : external_dump_mounts(&mounts, rootfd, &c->options, e);
}

static int decide(struct checkpoint *c, struct err *e)
{
	struct criu_opts *o = &c->options.opts;
	pid_t pid = container_pid(&c->container);
	int r = criu_check_landlock(c->spec, e);

	if (r >= 0)
		r = image_options(&c->image, c->spec, LOG_FILE, &c->options, e);
	o->pid = pb_set(pid);
	o->root = c->container.record->rootfs;
	if (r >= 0)
		r = decide_cgroup(c, e);
	if (r >= 0)
		r = external_dump_namespaces(c->spec, pid, &c->options, e);
	/* A pre-dump is memory alone. */
	if (r < 0 || c->flags->pre_dump)
		return r;
	r = decide_mounts(c, e);
	return r < 0 ? r : netlock_note(c->spec, pid, c->image.dirfd, !c->flags->leave_running, e);
}

static int write_descriptors(const struct checkpoint *c, struct criu_options *o, struct err *e)
{
	auto_(strv) struct strv names = { 0 };
	int r = descriptors_of(container_pid(&c->container), &names, e);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		enum descriptor_kind kind = descriptor_kind(names.v[i]);

		/* Pipes are recognised without. */
		if (kind == DESCRIPTOR_FILE || kind == DESCRIPTOR_TTY)
			criu_options_external(o, names.v[i]);
	}
	return r < 0 ? r : descriptors_write(c->image.dirfd, &names, e);
}

/* criu locks and unlocks the network by itself; what is left to us is to pass on that pages can be
 * asked for. */
static int notified(void *ctx, const char *script, pid_t pid UNUSED, int *fd UNUSED,
		    struct err *e UNUSED)
{
	const struct checkpoint *c = ctx;

	if (streq(script, "status-ready") && c->flags->status_fd != 0) {
		(void)!write((int)c->flags->status_fd, "", 1);
		(void)close((int)c->flags->status_fd);
	}
	return 0;
}

static int dump(struct checkpoint *c, struct err *e)
{
	const struct criu_flags *f = c->flags;
	enum criu_req_type type = f->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP;
	const struct criu_req req = { .type = pb_set(type), .opts = &c->options.opts };
	const struct criu_needs needs = { .mem_track = f->pre_dump,
					  .lazy_pages = f->lazy_pages,
					  .no_new_privs = c->spec->process &&
							  c->spec->process->no_new_privileges };
	int r = criu_start(&c->talk.swrk, NULL, 0, false, e);

	c->talk.notify = notified;
	c->talk.ctx = c;
	c->talk.logdirfd = c->image.workfd;
	c->talk.logdir = c->image.work;
	c->talk.logfile = LOG_FILE;
	if (r >= 0)
		r = criu_talk_begin(&c->talk, &req, &needs, e);
	if (r >= 0)
		r = criu_talk_until(&c->talk, type, NULL, NULL, e);
	criu_finish(&c->talk.swrk);
	return r;
}

static int load(struct checkpoint *c, const struct host *h, const char *id, struct err *e)
{
	int r = store_open(&c->store, h->root, false, e);

	/* Neither `start` nor `delete` comes in between. */
	if (r >= 0)
		r = container_load_locked(&c->store, id, &c->container, e);
	if (r >= 0)
		r = check_status(&c->container, e);
	return r < 0 ? r : container_spec(&c->container, &c->spec, e);
}

static int run(struct checkpoint *c, const struct host *h, const char *id, struct err *e)
{
	int r = check_flags(c->flags, e);

	if (r >= 0)
		r = load(c, h, id, e);
	c->options.a = &c->container.arena;
	if (r >= 0)
		r = criu_options_flags(&c->options, c->flags, e);
	if (r >= 0)
		r = image_open(&c->image, c->flags, true, e);
	if (r >= 0)
		r = decide(c, e);
	if (r >= 0 && !c->flags->pre_dump)
		r = write_descriptors(c, &c->options, e);
	if (r >= 0)
		r = c->sigfd = serve_hold_signals(e);
	c->talk.swrk.sigfd = c->sigfd;
	return r < 0 ? r : dump(c, e);
}

int container_checkpoint(const struct host *h, const char *id, const struct criu_flags *flags,
			 struct err *e)
{
	struct checkpoint c = {
		.flags = flags,
		.store = STORE_NONE,
		.container = CONTAINER_NONE,
		.image = IMAGE_NONE,
		.talk.swrk = CRIU_SWRK_NONE,
		.sigfd = -1,
	};
	int r = run(&c, h, id, e);

	if (r < 0)
		(void)err_wrap(e, r, "checkpoint '%s'", id);
	close_at_exit(&c.sigfd);
	container_done(&c.container);
	image_done(&c.image);
	if (r >= 0 && !flags->leave_running && !flags->pre_dump)
		r = container_delete(&c.store, id, true, e);
	store_done(&c.store);
	return r;
}
