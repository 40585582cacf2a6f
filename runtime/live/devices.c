/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "libutil/log.h"
#include "runtime/init/live.h"
#include "runtime/live/change.h"

struct devices {
	struct live_change change;
	struct oci_array items;              /* struct spec_live_device: what to add or remove */
	const char **host_paths;             /* where the host has them */
	struct oci_array nodes;              /* struct spec_device: of `items` */
	struct spec_resources before, after; /* the rules alone */
};

static struct spec_live_device *item_at(const struct devices *d, size_t i)
{
	return (struct spec_live_device *)d->items.items + i;
}

static struct spec_device *node_at(const struct oci_array *list, size_t i)
{
	return (struct spec_device *)list->items + i;
}

static const struct live_kind kind = { "device", sizeof(struct spec_device),
				       offsetof(struct spec_device, path) };

/* ---- the arguments ---- */

/* Kind, numbers and mode of the host's, as `docker run --device` takes them. */
static int ask_host(struct spec_device *node, const char *path, struct arena *a, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "--device: '%s'", path);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(e, ENODEV, "--device: '%s' is no device", path);
	node->type = arena_strdup(a, S_ISBLK(st.st_mode) ? "b" : "c");
	node->major = (struct opt_i64){ true, major(st.st_rdev) };
	node->minor = (struct opt_i64){ true, minor(st.st_rdev) };
	node->file_mode = (struct opt_u64){ true, st.st_mode & 07777 };
	return 0;
}

static int read_word(struct devices *d, const char *word, bool remove, struct err *e)
{
	struct arena *a = &d->change.container.arena;
	size_t i = d->items.n++;
	struct spec_live_device *item = item_at(d, i);
	int r;

	if (remove) {
		item->node.path = word;
		return 0;
	}
	r = live_device_word(word, a, item, &d->host_paths[i], e);
	return r < 0 ? r : ask_host(&item->node, d->host_paths[i], a, e);
}

static int read_items(struct devices *d, const struct live_request *req, struct err *e)
{
	struct arena *a = &d->change.container.arena;
	size_t n, all;
	int r = 0;

	if (req->file) {
		autofree char *text = NULL;
		const char *name;
		size_t len = 0;

		r = live_read_file(req->file, &text, &len, &name, e);
		if (r >= 0)
			r = spec_live_devices_decode(name, text, len, a, &d->items, e);
	}
	n = d->items.n;
	all = n + req->words->n;
	d->items.items = arena_grow(a, d->items.items, n, all, sizeof(struct spec_live_device));
	d->host_paths = arena_alloc(a, all + 1, sizeof(*d->host_paths));
	for (size_t i = 0; i < n; i++)
		d->host_paths[i] = item_at(d, i)->node.path;
	for (size_t i = 0; r >= 0 && i < req->words->n; i++)
		r = read_word(d, req->words->v[i], req->remove, e);
	if (r >= 0 && all == 0)
		return err_set(e, EINVAL, "no device is named: give a FILE or --device");
	return r;
}

/* ---- the documents ---- */

static int look_up(const struct devices *d, struct err *e)
{
	const struct oci_array *list = &d->change.spec->linux_->devices;

	for (size_t i = 0; i < d->items.n; i++) {
		struct spec_device *node = &item_at(d, i)->node;
		size_t at = live_find(&kind, list, node->path);

		if (at == list->n)
			return err_set(e, ENOENT, "the container has no device '%s' of its own",
				       node->path);
		*node = *node_at(list, at);
	}
	return 0;
}

static void fill_nodes(struct devices *d)
{
	d->nodes.items =
		arena_alloc(&d->change.container.arena, d->items.n + 1, sizeof(struct spec_device));
	for (d->nodes.n = 0; d->nodes.n < d->items.n; d->nodes.n++)
		*node_at(&d->nodes, d->nodes.n) = item_at(d, d->nodes.n)->node;
}

static int change_nodes(struct devices *d, bool remove, struct err *e)
{
	struct arena *a = &d->change.container.arena;
	struct oci_array *in_spec = &d->change.spec->linux_->devices;
	struct oci_array *in_record = &d->change.container.record->devices;
	int r = remove ? look_up(d, e) : 0;

	fill_nodes(d);
	if (r < 0)
		return r;
	if (remove) {
		live_remove(&kind, in_spec, &d->nodes);
		live_remove(&kind, in_record, &d->nodes);
		return 0;
	}
	r = live_add(&kind, in_spec, &d->nodes, a, e);
	return r < 0 ? r : live_add(&kind, in_record, &d->nodes, a, e);
}

/* ---- the rules ---- */

static bool is_rule_of(const struct spec_device_rule *rule, const struct spec_device *node)
{
	return rule->allow && rule->type && rule->type[0] == (node->type[0] == 'b' ? 'b' : 'c') &&
	       rule->major.set && rule->major.v == node->major.v && rule->minor.set &&
	       rule->minor.v == node->minor.v;
}

/* Two paths may lead to one device. */
static bool is_still_there(const struct devices *d, const struct spec_device_rule *rule)
{
	const struct oci_array *list = &d->change.spec->linux_->devices;

	for (size_t i = 0; i < list->n; i++)
		if (node_at(list, i)->type[0] != 'p' && is_rule_of(rule, node_at(list, i)))
			return true;
	return false;
}

static bool is_revoked(const struct devices *d, const struct spec_device_rule *rule)
{
	for (size_t i = 0; i < d->nodes.n; i++)
		if (node_at(&d->nodes, i)->type[0] != 'p' &&
		    is_rule_of(rule, node_at(&d->nodes, i)))
			return !is_still_there(d, rule);
	return false;
}

static void allow(const struct devices *d, struct oci_array *rules)
{
	for (size_t i = 0; i < d->items.n; i++) {
		const struct spec_live_device *item = item_at(d, i);

		if (item->node.type[0] == 'p')
			continue;
		((struct spec_device_rule *)rules->items)[rules->n++] = (struct spec_device_rule){
			.allow = true,
			.type = item->node.type[0] == 'b' ? "b" : "c",
			.major = item->node.major,
			.minor = item->node.minor,
			.access = item->access ? item->access : "rwm",
		};
	}
}

static void change_rules(struct devices *d, bool remove)
{
	struct arena *a = &d->change.container.arena;
	struct spec_linux *l = d->change.spec->linux_;
	const struct spec_device_rule *old;
	struct oci_array rules = { 0 };

	if (!l->resources)
		l->resources = arena_alloc(a, 1, sizeof(*l->resources));
	d->before.devices = l->resources->devices;
	if (!d->before.devices.items)
		d->before.devices.items = arena_alloc(a, 1, sizeof(*old));
	old = d->before.devices.items;
	rules.items = arena_alloc(a, d->before.devices.n + d->items.n + 1, sizeof(*old));
	for (size_t i = 0; i < d->before.devices.n; i++)
		if (!remove || !is_revoked(d, &old[i]))
			((struct spec_device_rule *)rules.items)[rules.n++] = old[i];
	if (!remove)
		allow(d, &rules);
	l->resources->devices = d->after.devices = rules;
}

/* ---- the whole ---- */

static int visit(struct devices *d, bool remove, struct err *e)
{
	struct runtime_spec spec = *d->change.spec;
	struct spec_linux linux_ = *spec.linux_;
	const struct live_job job = {
		.act = remove ? LIVE_REMOVE_DEVICE : LIVE_MAKE_DEVICE,
		.spec = &spec,
		.bundle = d->change.container.record->bundle,
		.pidfd = d->change.container.pidfd,
		.host_paths = d->host_paths,
	};

	linux_.devices = d->nodes;
	spec.linux_ = &linux_;
	return live_run(&job, e);
}

/* What every container has, or one that may use all, needs no rule. */
static int change_group(const struct devices *d, const struct spec_resources *to, struct err *e)
{
	const struct cgroup *cg = d->change.container.cgroup;

	return cg && !cgroup_same_devices(&d->before, &d->after) ? cgroup_update(cg, to, e) : 0;
}

/* Nodes, too, are in the container's hands: it could hide one, so that it can't be removed. */
static bool is_revoked_for_all(const struct devices *d)
{
	const struct cgroup_record *rec = d->change.container.record->cgroup;

	return rec && !rec->rootless && !cgroup_same_devices(&d->before, &d->after);
}

/* A node appears when it may be opened, and goes when it may not. */
static int perform(struct devices *d, bool remove, struct err *e)
{
	struct err why = { 0 };
	int r = change_group(d, &d->after, e);

	if (r < 0)
		return r;
	r = visit(d, remove, &why);
	if (r < 0 && remove && is_revoked_for_all(d)) {
		log_warning("%s; its node is left, the permission is gone", why.msg);
		return 0;
	}
	if (r < 0)
		(void)change_group(d, &d->before, NULL);
	return r < 0 ? err_take(e, &why) : 0;
}

static int change_devices(struct devices *d, const struct live_request *req, struct err *e)
{
	int r = live_begin(&d->change, req, e);

	if (r >= 0)
		r = read_items(d, req, e);
	if (r >= 0)
		r = change_nodes(d, req->remove, e);
	if (r < 0)
		return r;
	change_rules(d, req->remove);
	r = container_stage_spec(&d->change.container, d->change.spec, e);
	if (r < 0)
		return r;
	r = perform(d, req->remove, e);
	return live_end(&d->change, r, e);
}

int container_devices(const struct live_request *req, struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	struct devices d = { .change = LIVE_CHANGE_NONE(&s) };
	int r = change_devices(&d, req, e);

	container_done(&d.change.container);
	return r < 0 ? err_wrap(e, r, "devices of '%s'", req->id) : 0;
}
