/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/live.h"

#include <errno.h>

#include "libutil/path.h"
#include "runtime/init/live.h"
#include "runtime/live/change.h"

struct mounts {
	struct live_change change;
	struct oci_array items; /* struct spec_mount: what to add or remove */
};

static struct spec_mount *mount_at(const struct oci_array *list, size_t i)
{
	return (struct spec_mount *)list->items + i;
}

static const struct live_kind kind = { "mount on", sizeof(struct spec_mount),
				       offsetof(struct spec_mount, destination) };

/* ---- the arguments ---- */

static int read_items(struct mounts *m, const struct live_request *req, struct err *e)
{
	struct arena *a = &m->change.container.arena;
	size_t n;
	int r = 0;

	if (req->file) {
		autofree char *text = NULL;
		const char *name;
		size_t len = 0;

		r = live_read_file(req->file, &text, &len, &name, e);
		if (r >= 0)
			r = spec_mounts_decode(name, text, len, a, &m->items, e);
	}
	n = m->items.n;
	m->items.items =
		arena_grow(a, m->items.items, n, n + req->words->n, sizeof(struct spec_mount));
	for (size_t i = 0; r >= 0 && i < req->words->n; i++) {
		struct spec_mount *item = mount_at(&m->items, m->items.n++);

		if (req->remove)
			item->destination = req->words->v[i];
		else
			r = live_mount_word(req->words->v[i], a, item, e);
	}
	if (r >= 0 && m->items.n == 0)
		return err_set(e, EINVAL, "no mount is named: give a FILE or --volume");
	return r;
}

/* ---- the documents ---- */

/* What lies on a mount would go with it, and stay in config.json. */
static int check_above(const struct mounts *m, const char *dest, struct err *e)
{
	const struct oci_array *list = &m->change.spec->mounts;
	autofree char *under = path_join("/", dest), *clean_under = path_clean(under);

	for (size_t i = 0; i < list->n; i++) {
		const char *other = mount_at(list, i)->destination;
		autofree char *above = path_join("/", other), *clean_above = path_clean(above);

		if (path_is_below(clean_above, clean_under) &&
		    live_find(&kind, &m->items, other) == m->items.n)
			return err_set(e, EBUSY, "'%s' lies on it: remove that as well", other);
	}
	return 0;
}

/* Only what config.json names: a mount that hides a file of /proc, say, is nobody's to remove. What
 * is found there says all of the mount; each of them once, in the order they were made. */
static int look_up(struct mounts *m, struct err *e)
{
	const struct oci_array *list = &m->change.spec->mounts;
	struct oci_array found = { .items = arena_alloc(&m->change.container.arena, list->n + 1,
							sizeof(struct spec_mount)) };

	for (size_t i = 0; i < m->items.n; i++) {
		const char *dest = mount_at(&m->items, i)->destination;
		int r;

		if (live_find(&kind, list, dest) == list->n)
			return err_set(e, ENOENT, "the container has no mount on '%s'", dest);
		r = check_above(m, dest, e);
		if (r < 0)
			return err_wrap(e, r, "'%s'", dest);
	}
	for (size_t i = 0; i < list->n; i++)
		if (live_find(&kind, &m->items, mount_at(list, i)->destination) < m->items.n)
			*mount_at(&found, found.n++) = *mount_at(list, i);
	m->items = found;
	return 0;
}

static int change_documents(struct mounts *m, bool remove, struct err *e)
{
	struct runtime_spec *spec = m->change.spec;
	struct record *rec = m->change.container.record;
	struct arena *a = &m->change.container.arena;
	int r;

	if (!remove) {
		r = live_add(&kind, &spec->mounts, &m->items, a, e);
		return r < 0 ? r : live_add(&kind, &rec->mounts, &m->items, a, e);
	}
	r = look_up(m, e);
	if (r < 0)
		return r;
	live_remove(&kind, &spec->mounts, &m->items);
	live_remove(&kind, &rec->mounts, &m->items);
	return 0;
}

static int visit(struct mounts *m, bool remove, struct err *e)
{
	struct runtime_spec spec = *m->change.spec;
	const struct live_job job = {
		.act = remove ? LIVE_UNMOUNT : LIVE_MOUNT,
		.spec = &spec,
		.bundle = m->change.container.record->bundle,
		.pidfd = m->change.container.pidfd,
		.all_mounts = &m->change.spec->mounts,
	};

	spec.mounts = m->items;
	return live_run(&job, e);
}

static int change_mounts(struct mounts *m, const struct live_request *req, struct err *e)
{
	int r = live_begin(&m->change, req, e);

	if (r >= 0)
		r = read_items(m, req, e);
	if (r >= 0)
		r = change_documents(m, req->remove, e);
	if (r >= 0)
		r = container_stage_spec(&m->change.container, m->change.spec, e);
	if (r < 0)
		return r;
	r = visit(m, req->remove, e);
	return live_end(&m->change, r, e);
}

int container_mounts(const struct live_request *req, struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	struct mounts m = { .change = LIVE_CHANGE_NONE(&s) };
	int r = change_mounts(&m, req, e);

	container_done(&m.change.container);
	return r < 0 ? err_wrap(e, r, "mounts of '%s'", req->id) : 0;
}
