/* SPDX-License-Identifier: Apache-2.0 */
/* Create: the bundle, its root file system, its streams, then the runtime's create. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/log.h"
#include "libutil/path.h"
#include "oci-spec/codec.h"
#include "shim/v2/rootfs.h"
#include "shim/v2/task.h"

#define CONFIG_NAME "config.json"
#define CONFIG_MAX  ((size_t)16 << 20)

/* ---- the bundle ---- */

/* The one thing to know of config.json; the rest is passed over without being decoded. */
struct brief_namespace {
	const char *type, *path;
};
struct brief_linux {
	struct oci_array namespaces;
};
struct brief_config {
	struct brief_linux *on_linux; /* `linux` is a macro of the compiler's */
};

#define ROW(type_, member, kind_, ...)                                                             \
	{                                                                                          \
		.key = #member, .kind = (kind_), .offset = offsetof(struct type_, member),         \
		__VA_ARGS__                                                                        \
	}
static const struct field namespace_fields[] = {
	ROW(brief_namespace, type, FIELD_STRING),
	ROW(brief_namespace, path, FIELD_STRING),
};
static const struct field_type namespace_type =
	FIELD_TYPE("namespace", struct brief_namespace, namespace_fields);
static const struct field linux_fields[] = {
	ROW(brief_linux, namespaces, FIELD_OBJECTS, .type = &namespace_type),
};
static const struct field_type linux_type = FIELD_TYPE("linux", struct brief_linux, linux_fields);
static const struct field config_fields[] = {
	{ .key = "linux",
	  .kind = FIELD_OBJECT,
	  .offset = offsetof(struct brief_config, on_linux),
	  .type = &linux_type },
};
static const struct field_type config_type =
	FIELD_TYPE("runtime config", struct brief_config, config_fields);

/* Do the container's processes live on after its first one?  What cannot be decoded is the
 * runtime's to refuse. */
static bool shares_pids(const char *text, size_t len)
{
	auto_(arena) struct arena a = { 0 };
	const struct brief_config *config;
	const struct brief_namespace *ns;
	void *doc = NULL;

	if (oci_decode(&config_type, CONFIG_NAME, text, len, NULL, &a, &doc, NULL) < 0)
		return true;
	config = doc;
	for (size_t i = 0; config->on_linux && i < config->on_linux->namespaces.n; i++) {
		ns = (const struct brief_namespace *)config->on_linux->namespaces.items + i;
		if (ns->type && streq(ns->type, "pid"))
			return ns->path != NULL;
	}
	return true;
}

static int read_config(struct task *t, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_at(t->container.dirfd, CONFIG_NAME, CONFIG_MAX, &text, &len, e);

	if (r >= 0)
		t->shared_pids = shares_pids(text, len);
	return r;
}

static int open_bundle(struct task *t, const char *bundle, struct err *e)
{
	if (!bundle || !path_is_absolute(bundle))
		return err_set(e, EINVAL, "bundle '%s' is no absolute path", text_or_empty(bundle));
	t->container.bundle = arena_strdup(&t->a, bundle);
	t->container.dirfd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->container.dirfd < 0 ? err_sys(e, "bundle '%s'", bundle) : read_config(t, e);
}

/* ---- the runtime ---- */

static int choose_runtime(struct task *t, const struct v2_options *o, struct err *e)
{
	struct runtime *rt = &t->container.runtime;

	rt->path = v2_options_path(o, &t->a, e);
	if (!rt->path)
		return -ENOENT;
	rt->root = v2_options_root(o, t->all->namespace_name, &t->a);
	rt->log = arena_printf(&t->a, "%s/log.json", t->container.bundle);
	rt->systemd_cgroup = o->systemd_cgroup;
	rt->no_pivot = o->no_pivot_root;
	rt->no_new_keyring = o->no_new_keyring;
	t->io_uid = o->io_uid;
	t->io_gid = o->io_gid;
	t->init.p.pid_file = arena_printf(&t->a, "%s/init.pid", t->container.bundle);
	/* For a `delete` that comes when we are no more. */
	return v2_options_save(t->container.dirfd, o, rt->path, e);
}

static void prepare_restore(struct task *t, const struct v2_options *o, const char *checkpoint)
{
	struct process *p = &t->init.p;

	t->checkpoint = arena_strdup(&t->a, checkpoint);
	p->kind = PROCESS_RESTORED;
	p->image_path = t->checkpoint;
	p->work_path = o->criu_work_path ? arena_strdup(&t->a, o->criu_work_path)
					 : arena_printf(&t->a, "%s/criu-work", t->container.bundle);
}

static int take_options(struct task *t, const struct msg_create_request *q, struct err *e)
{
	struct v2_options o = { 0 };
	int r = v2_options_decode(q->options, t->making, &o, e);

	if (r >= 0)
		r = choose_runtime(t, &o, e);
	if (r >= 0 && q->checkpoint && q->checkpoint[0])
		prepare_restore(t, &o, q->checkpoint);
	return r;
}

/* ---- streams ---- */

static void take_streams(struct task *t, const struct msg_create_request *q)
{
	struct proc *p = &t->init;

	p->stdin_path = arena_strdup(&t->a, text_or_empty(q->stdin_path));
	p->stdout_path = arena_strdup(&t->a, text_or_empty(q->stdout_path));
	p->stderr_path = arena_strdup(&t->a, text_or_empty(q->stderr_path));
	p->terminal = q->terminal.v != 0;
	p->p.terminal = p->terminal;
}

int task_open_streams(struct proc *p, struct err *e)
{
	struct task *t = p->task;
	struct streams_want want = {
		.in = p->stdin_path,
		.out = p->stdout_path,
		.err = p->stderr_path,
		.terminal = p->terminal,
		.direct = proc_is_init(p) && !t->shared_pids,
		.uid = t->io_uid,
		.gid = t->io_gid,
		.id = t->container.id,
		.ns = t->all->namespace_name,
	};
	int r = streams_open(&p->io, &want, e);

	if (r >= 0 && p->input_closed)
		streams_close_input(&p->io);
	return r;
}

/* ---- the event ---- */

/* A copy that lasts until it is told. */
static void copy_mounts(struct arena *a, const struct pb_list *from, struct pb_list *to)
{
	const struct msg_mount *m = from->items;
	struct msg_mount *copy = arena_alloc(a, from->n, sizeof(*copy));

	for (size_t i = 0; i < from->n; i++) {
		const char *const *options = m[i].options.items;
		const char **list = arena_alloc(a, m[i].options.n, sizeof(*list));

		for (size_t j = 0; j < m[i].options.n; j++)
			list[j] = arena_strdup(a, options[j]);
		copy[i] = (struct msg_mount){
			.type = arena_strdup(a, text_or_empty(m[i].type)),
			.source = arena_strdup(a, text_or_empty(m[i].source)),
			.target = arena_strdup(a, text_or_empty(m[i].target)),
			.options = { list, m[i].options.n },
		};
	}
	*to = (struct pb_list){ copy, from->n };
}

static void prepare_event(struct task *t, const struct msg_create_request *q)
{
	const struct proc *p = &t->init;
	struct msg_task_io *io = arena_alloc(t->making, 1, sizeof(*io));

	*io = (struct msg_task_io){
		.stdin_path = p->stdin_path,
		.stdout_path = p->stdout_path,
		.stderr_path = p->stderr_path,
		.terminal = pb_set(p->terminal),
	};
	t->create_event = arena_alloc(t->making, 1, sizeof(*t->create_event));
	*t->create_event = (struct msg_event_create){
		.container_id = t->container.id,
		.bundle = t->container.bundle,
		.io = io,
		.checkpoint = t->checkpoint,
	};
	copy_mounts(t->making, &q->rootfs, &t->create_event->rootfs);
}

/* ---- Create ---- */

static bool is_taken(const struct tasks *all, const char *id)
{
	for (const struct task *t = all->first; t; t = t->next)
		if (streq(t->container.id, id))
			return true;
	return false;
}

/* Without mounts the root is the bundle's own, or elsewhere. */
static int mount_rootfs(struct task *t, const struct pb_list *mounts, struct err *e)
{
	int r = rootfs_mount(t->container.bundle, mounts->items, mounts->n, e);

	t->mounted = r >= 0 && mounts->n > 0;
	return r;
}

/* All that needs no runtime.  Returns what streams_open() does. */
static int prepare(struct task *t, const struct msg_create_request *q, struct err *e)
{
	int r = open_bundle(t, q->bundle, e);

	if (r >= 0)
		r = take_options(t, q, e);
	if (r < 0)
		return r;
	take_streams(t, q);
	prepare_event(t, q);
	r = mount_rootfs(t, &q->rootfs, e);
	return r < 0 ? r : task_open_streams(&t->init, e);
}

/* Everything is open: have it made.  What is restored is made by Start. */
void task_make(struct task *t)
{
	struct err e = { 0 };

	if (t->init.p.kind == PROCESS_RESTORED)
		task_process_front.created(&t->init.p);
	else
		(void)process_create(&t->init.p, &e);
}

void task_serve_Create(void *tasks, struct ttrpc_call *call, const void *request)
{
	const struct msg_create_request *q = request;
	struct tasks *all = tasks;
	struct err e = { 0 };
	struct task *t;
	int r;

	if (all->closed) {
		ttrpc_fail(call, TTRPC_UNAVAILABLE, "the shim is shutting down");
		return;
	}
	if (!task_is_id(q->id)) {
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "id '%.256s' is no container's name",
			   text_or_empty(q->id));
		return;
	}
	if (is_taken(all, q->id)) {
		ttrpc_fail(call, TTRPC_ALREADY_EXISTS, "container '%s' exists", q->id);
		return;
	}
	t = task_new(all, q->id);
	t->making = xcalloc(1, sizeof(*t->making));
	t->init.asker = call;
	r = prepare(t, q, &e);
	if (r < 0) {
		task_unmount(t);
		ttrpc_fail(proc_release(&t->init), TTRPC_UNKNOWN, "%s", e.msg);
		task_free(t);
	} else if (r > 0) {
		task_make(t);
	}
}
