/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices of vendors change: in the order they were asked for, and before the
 * first of a file what is common to its devices.  It is done last, on what all else has made, as
 * the Container Device Interface has it: of equal names and places theirs win.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "imagetool/bundle/edit.h"
#include "libutil/path.h"

/* ---- Process ---- */

static void set_env(struct spec_edit *ed, const char *pair)
{
	struct oci_strings *env = &ed->spec->process->env;
	size_t len = strcspn(pair, "=") + 1;

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->items[i], pair, len) != 0)
			continue;
		env->items[i] = pair;
		return;
	}
	edit_push_string(ed->a, env, pair);
}

static void add_group(struct spec_edit *ed, uint32_t gid)
{
	struct oci_u32s *list = &ed->spec->process->user->additional_gids;

	for (size_t i = 0; i < list->n; i++)
		if (list->items[i] == gid)
			return;
	list->items = arena_grow(ed->a, list->items, list->n, list->n + 1, sizeof(gid));
	list->items[list->n++] = gid;
}

/* Group 0 is no more than nobody asked for. */
static void edit_process_of(struct spec_edit *ed, const struct cdi_edits *c)
{
	for (size_t i = 0; i < c->env.n; i++)
		set_env(ed, c->env.items[i]);
	for (size_t i = 0; i < c->additional_gids.n; i++)
		if (c->additional_gids.items[i] && !ed->no_groups)
			add_group(ed, c->additional_gids.items[i]);
}

/* ---- Device nodes ---- */

static char type_of(mode_t mode)
{
	return S_ISBLK(mode) ? 'b' : S_ISCHR(mode) ? 'c' : S_ISFIFO(mode) ? 'p' : 0;
}

/* A file may say all that makes the node; what it leaves out is as it is on the host. */
static bool is_complete(const struct cdi_device_node *d)
{
	return d->type && (d->major.v != 0 || *d->type == 'p');
}

static int take_host(const struct cdi_device_node *d, const char *host, struct spec_device *node,
		     struct err *e)
{
	char type[2] = "";
	struct stat st;

	if (lstat(host, &st) < 0)
		return is_complete(d) ? 0 : err_sys(e, "stat '%s'", host);
	if (!node->file_mode.set)
		node->file_mode = (struct opt_u64){ true, st.st_mode & 07777 };
	if (is_complete(d))
		return 0;
	type[0] = type_of(st.st_mode);
	if (!*type)
		return err_set(e, ENODEV, "'%s' is no device", host);
	if (d->type && !streq(d->type, type))
		return err_set(e, ENODEV, "'%s' is of type %s, not %s", host, type, d->type);
	node->type = *type == 'b' ? "b" : *type == 'c' ? "c" : "p";
	if (*type == 'p')
		return 0;
	node->major = (struct opt_i64){ true, major(st.st_rdev) };
	node->minor = (struct opt_i64){ true, minor(st.st_rdev) };
	return 0;
}

static struct opt_u64 owner(struct opt_u64 own, struct opt_u64 process)
{
	return own.set || !process.v ? own : process;
}

static void put_node(struct spec_edit *ed, const struct spec_device *node)
{
	struct oci_array *list = &ed->spec->linux_->devices;
	struct spec_device *items = list->items;

	for (size_t i = 0; i < list->n; i++) {
		if (!streq(items[i].path, node->path))
			continue;
		items[i] = *node;
		return;
	}
	*(struct spec_device *)edit_push(ed->a, list, sizeof(*node)) = *node;
}

static void add_rule(struct spec_edit *ed, const struct spec_device *node, const char *permissions)
{
	struct spec_device_rule *rule;

	if (*node->type == 'p' || *node->type == 'u' || ed->options->privileged ||
	    (permissions && streq(permissions, "none")))
		return;
	rule = edit_push(ed->a, &edit_resources_of(ed)->devices, sizeof(*rule));
	*rule = (struct spec_device_rule){ .allow = true,
					   .type = node->type,
					   .major = node->major,
					   .minor = { true, node->minor.v },
					   .access = permissions ? permissions : "rwm" };
}

static int add_node(struct spec_edit *ed, const struct cdi_device_node *d, struct err *e)
{
	const struct spec_user *user = ed->spec->process->user;
	const char *host = d->host_path ? d->host_path : d->path;
	struct spec_device node = { .path = d->path,
				    .type = d->type,
				    .major = d->major,
				    .minor = { d->minor.set || d->major.set, d->minor.v },
				    .file_mode = d->file_mode,
				    .uid = owner(d->uid, user->uid),
				    .gid = owner(d->gid, user->gid) };
	int r = take_host(d, host, &node, e);

	if (r < 0)
		return r;
	if (ed->rootless || ed->bind_devices ||
	    (ed->keep_root && !path_is_below(node.path, "/dev"))) {
		edit_remove_mount(ed->spec, node.path);
		edit_bind_device(ed, host, node.path);
	} else {
		put_node(ed, &node);
	}
	/* A user namespace has the devices that are mounted, and no control group asks. */
	if (!ed->rootless && !ed->bind_devices)
		add_rule(ed, &node, d->permissions);
	return 0;
}

static int add_nodes(struct spec_edit *ed, const struct cdi_edits *c, struct err *e)
{
	const struct cdi_device_node *d = c->device_nodes.items;
	int r = 0;

	for (size_t i = 0; i < c->device_nodes.n && r >= 0; i++)
		r = add_node(ed, &d[i], e);
	return r;
}

/* ---- Mounts ---- */

static void add_mounts(struct spec_edit *ed, const struct cdi_edits *c)
{
	const struct cdi_mount *list = c->mounts.items;

	for (size_t i = 0; i < c->mounts.n; i++) {
		struct spec_mount *m;

		edit_remove_mount(ed->spec, list[i].container_path);
		m = edit_push(ed->a, &ed->spec->mounts, sizeof(*m));
		*m = (struct spec_mount){ .destination = list[i].container_path,
					  .source = list[i].host_path,
					  .type = list[i].type,
					  .options = list[i].options };
	}
}

static size_t depth_of(const char *path)
{
	autofree char *clean = path_clean(path);
	size_t n = 0;

	for (const char *at = clean; *at; at++)
		n += *at == '/' && at[1];
	return n;
}

/* What is mounted in another mount comes later; else the order stays. */
static void sort_mounts(struct spec_edit *ed)
{
	struct spec_mount *m = ed->spec->mounts.items;
	size_t n = ed->spec->mounts.n;
	autofree size_t *depth = xcalloc(n + 1, sizeof(*depth));

	for (size_t i = 0; i < n; i++) {
		struct spec_mount one = m[i];
		size_t own = depth_of(one.destination), at = i;

		for (; at > 0 && depth[at - 1] > own; at--) {
			m[at] = m[at - 1];
			depth[at] = depth[at - 1];
		}
		m[at] = one;
		depth[at] = own;
	}
}

/* ---- Hooks ---- */

static struct oci_array *hooks_of(struct spec_hooks *h, enum cdi_hook_name name)
{
	switch (name) {
	case CDI_HOOK_NONE:
	case CDI_HOOK_PRESTART:
		return &h->prestart;
	case CDI_HOOK_CREATE_RUNTIME:
		return &h->create_runtime;
	case CDI_HOOK_CREATE_CONTAINER:
		return &h->create_container;
	case CDI_HOOK_START_CONTAINER:
		return &h->start_container;
	case CDI_HOOK_POSTSTART:
		return &h->poststart;
	case CDI_HOOK_POSTSTOP:
		return &h->poststop;
	}
	return &h->prestart;
}

static void add_hooks(struct spec_edit *ed, const struct cdi_edits *c)
{
	const struct cdi_hook *h = c->hooks.items;

	if (c->hooks.n && !ed->spec->hooks)
		ed->spec->hooks = arena_alloc(ed->a, 1, sizeof(*ed->spec->hooks));
	for (size_t i = 0; i < c->hooks.n; i++) {
		struct spec_hook *one =
			edit_push(ed->a, hooks_of(ed->spec->hooks, (enum cdi_hook_name)h[i].name),
				  sizeof(*one));

		*one = (struct spec_hook){ .path = h[i].path,
					   .args = h[i].args,
					   .env = h[i].env,
					   .timeout = h[i].timeout };
	}
}

/* ---- The kernel's own ---- */

static void add_net_device(struct spec_edit *ed, const struct cdi_net_device *d)
{
	struct oci_array *list = &ed->spec->linux_->net_devices;
	struct spec_net_device *items = list->items, one = { d->host_name, d->name };

	for (size_t i = 0; i < list->n; i++) {
		if (!streq(items[i].key, d->host_name))
			continue;
		items[i] = one;
		return;
	}
	*(struct spec_net_device *)edit_push(ed->a, list, sizeof(one)) = one;
}

static void add_kernels(struct spec_edit *ed, const struct cdi_edits *c)
{
	const struct cdi_net_device *d = c->net_devices.items;
	const struct cdi_intel_rdt *from = c->intel_rdt;
	struct spec_intel_rdt *rdt;

	for (size_t i = 0; i < c->net_devices.n; i++)
		add_net_device(ed, &d[i]);
	if (!from)
		return;
	rdt = arena_alloc(ed->a, 1, sizeof(*rdt));
	*rdt = (struct spec_intel_rdt){ .clos_id = from->clos_id,
					.schemata = from->schemata,
					.l3_cache_schema = from->l3_cache_schema,
					.mem_bw_schema = from->mem_bw_schema,
					.enable_monitoring = from->enable_monitoring };
	ed->spec->linux_->intel_rdt = rdt;
}

/* ---- All of it ---- */

static int apply(struct spec_edit *ed, const struct cdi_edits *c, struct err *e)
{
	int r;

	if (!c)
		return 0;
	edit_process_of(ed, c);
	r = add_nodes(ed, c, e);
	if (r < 0)
		return r;
	add_kernels(ed, c);
	add_mounts(ed, c);
	add_hooks(ed, c);
	return 0;
}

static bool is_first_of_file(const struct cdi_list *l, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (l->items[i]->spec == l->items[at]->spec)
			return false;
	return true;
}

int edit_cdi(struct spec_edit *ed, struct err *e)
{
	const struct cdi_list *l = ed->cdi;

	if (!l || !l->n)
		return 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct cdi_device *d = l->items[i];
		int r = is_first_of_file(l, i) ? apply(ed, d->spec->edits, e) : 0;

		if (r >= 0)
			r = apply(ed, d->device->edits, e);
		if (r < 0)
			return err_wrap(e, r, "device '%s' of '%s'", d->name, d->path);
	}
	sort_mounts(ed);
	return 0;
}
