/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/creation/creation.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "libutil/caps.h"
#include "libutil/ids.h"
#include "libutil/parse.h"
#include "libutil/path.h"
#include "runtime/annotation.h"
#include "runtime/container/bundle.h"
#include "runtime/container/rdt.h"
#include "runtime/hook/hook.h"
#include "runtime/landlock/landlock.h"
#include "runtime/spawn/console.h"
#include "runtime/spawn/filter.h"

static int check_id(struct creation *c, struct err *e)
{
	return id_check(c->req->id, e);
}

static int open_bundle(struct creation *c, struct err *e)
{
	autofree char *path = path_absolute(c->req->bundle ? c->req->bundle : ".");

	c->bundle = arena_strdup(&c->arena, path);
	c->bundlefd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return c->bundlefd < 0 ? err_sys(e, "bundle '%s'", path) : 0;
}

static int read_config(struct creation *c, struct err *e)
{
	const char *file = c->req->config;
	int r = bundle_read_config(file ? AT_FDCWD : c->bundlefd, file ? file : "config.json",
				   &c->arena, &c->config, &c->spec, e);

	return r < 0 ? err_wrap(e, r, "bundle '%s'", c->bundle) : 0;
}

/* The specification lets a document without these pass: it may be valid for another moment or
 * platform. */
static struct spec_process *no_process(struct creation *c)
{
	struct spec_process *p = arena_alloc(&c->arena, 1, sizeof(*p));

	p->cwd = "/";
	return p;
}

/* "This property is REQUIRED when start is called", and `create` does not call it. */
static int check_process(struct creation *c, struct err *e)
{
	bool later = !c->spec->process && c->req->gate;

	if (later)
		c->spec->process = no_process(c);
	if (!c->spec->process)
		return err_set(e, EINVAL, "config.json: process: missing");
	if (c->spec->process->args.n == 0 && !later)
		return err_set(e, EINVAL, "config.json: process.args: missing or empty");
	if (!c->spec->root)
		return err_set(e, EINVAL, "config.json: root: missing");
	return console_check(c->spec->process->terminal, c->req->detached, c->req->console_socket,
			     e);
}

static int open_rootfs(struct creation *c, struct err *e)
{
	const char *path = c->spec->root->path;
	autofree char *joined = path_is_absolute(path) ? xstrdup(path) : path_join(c->bundle, path);
	autofree char *clean = path_clean(joined);

	c->rootfs = arena_strdup(&c->arena, clean);
	c->rootfsfd = open(clean, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->rootfsfd < 0 ? err_sys(e, "config.json: root.path: open '%s'", clean) : 0;
}

static int plan_namespaces(struct creation *c, struct err *e)
{
	const struct ns_plan *p = &c->plan;
	int r = ns_plan_make(c->spec, &c->plan, e);

	if (r < 0 || p->has[OCI_NS_USER] || (p->clone_flags | p->late_flags) == 0 ||
	    caps_hold(CAP_SYS_ADMIN))
		return r;
	return err_set(e, EPERM,
		       "config.json: linux.namespaces: without CAP_SYS_ADMIN the container needs a "
		       "user namespace (see 'creel spec --rootless')");
}

static int plan_cgroup(struct creation *c, struct err *e)
{
	const struct host *h = c->req->host;

	c->rootless = host_is_rootless(h);
	return cgroup_plan(c->spec, c->req->id, h->driver, c->rootless, &c->cgroup, e);
}

/* ROOT belongs to no container: made once, it stays. */
static int open_store(struct creation *c, struct err *e)
{
	return store_open(&c->store, c->req->host->root, true, e);
}

static int compile_seccomp(struct creation *c, struct err *e)
{
	/* A restored process has its filter already. */
	if (c->req->way)
		return 0;
	return filter_compile(&c->store, c->spec, &c->seccomp, e);
}

static int check_landlock(struct creation *c, struct err *e)
{
	struct landlock_rules *rules = NULL;
	int r = landlock_of(c->spec, &c->arena, &rules, e);

	return r < 0 || !rules ? r : landlock_fit(rules, landlock_abi(), e);
}

/* What is known but can't be done here is refused, never dropped. */
static int check_supported(struct creation *c, struct err *e)
{
	int r = annotations_check(&c->spec->annotations, e);

	if (r >= 0)
		r = check_landlock(c, e);
	return r < 0 ? err_wrap(e, r, "config.json") : 0;
}

/* A listener that is not there is found now, not when there is a container to take back. */
static int connect_sockets(struct creation *c, struct err *e)
{
	const struct create_request *req = c->req;
	const char *receiver = annotation_of(&c->spec->annotations, ANNOTATION_PIDFD_RECEIVER);
	bool by_option = req->pidfd_socket || !receiver || !receiver[0];
	int r = console_connect("--console-socket", req->console_socket, &c->consolefd, e);

	if (r < 0)
		return r;
	return console_connect(by_option ? "--pidfd-socket"
					 : annotation_key(ANNOTATION_PIDFD_RECEIVER),
			       by_option ? req->pidfd_socket : receiver, &c->pidfdsock, e);
}

bool creation_mounts_device(const struct runtime_spec *spec)
{
	const struct spec_mount *m = spec->mounts.items;
	struct stat st;

	for (size_t i = 0; i < spec->mounts.n; i++)
		if (m[i].source && m[i].source[0] == '/' && stat(m[i].source, &st) == 0 &&
		    S_ISBLK(st.st_mode))
			return true;
	return false;
}

/* Inside, their names mean something else. */
static int open_hook_output(struct creation *c, struct err *e)
{
	const struct spec_hooks *hooks = c->spec->hooks;

	if (!hook_any(hooks, HOOK_CREATE_CONTAINER) && !hook_any(hooks, HOOK_START_CONTAINER))
		return 0;
	return hook_output_open(&c->spec->annotations, &c->hook_output, e);
}

static int fill_record(struct creation *c, struct err *e)
{
	struct timespec now = { 0 };
	char created[TIME_TEXT_SIZE];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	c->record = (struct record){
		.id = c->req->id,
		.phase = RECORD_CREATING,
		.created = arena_strdup(&c->arena, time_text(now, created)),
		.bundle = c->bundle,
		.rootfs = c->rootfs,
		.rootless = c->rootless,
		.gateless = !c->req->gate,
		.own_pidns = c->plan.is_new[OCI_NS_PID],
		.has_poststart = hook_any(c->spec->hooks, HOOK_POSTSTART),
		.has_poststop = hook_any(c->spec->hooks, HOOK_POSTSTOP),
		.annotations = c->spec->annotations,
	};
	c->state = (struct oci_state){
		.oci_version = RUNTIME_SPEC_VERSION,
		.id = c->req->id,
		.bundle = c->bundle,
		.annotations = c->spec->annotations,
	};
	return rdt_plan(c->spec, c->req->id, &c->arena, &c->record, &c->rdt, e);
}

int creation_plan(struct creation *c, struct err *e)
{
	/* inherit_prepare() comes first: what we open ourselves must not be taken for the caller's.
	 */
	static int (*const stages[])(struct creation *, struct err *) = {
		check_id,        open_bundle,     read_config,      check_process, check_supported,
		open_rootfs,     plan_namespaces, plan_cgroup,      open_store,    compile_seccomp,
		connect_sockets, fill_record,     open_hook_output,
	};
	int r;

	c->clonefd = c->req->clonefd;
	r = inherit_prepare(c->req->preserve_fds, &c->clonefd, &c->inherit, e);

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(stages); i++)
		r = stages[i](c, e);
	return r;
}
