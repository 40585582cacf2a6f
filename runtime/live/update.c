/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/update.h"

#include <errno.h>

#include "libutil/file.h"
#include "runtime/container/rdt.h"
#include "runtime/live/resources.h"

/* Bytes.  Everything there is to say about every device would fit. */
#define RESOURCES_MAX ((size_t)1 << 20)

static int read_resources(const char *file, struct arena *a, struct spec_resources **ret,
			  struct err *e)
{
	autofree char *text = NULL;
	const char *name = NULL;
	size_t len = 0;
	int r = file_read_named(file, RESOURCES_MAX, &text, &len, &name, e);

	if (r >= 0)
		r = spec_resources_decode(name, text, len, a, ret, e);
	return r < 0 ? err_wrap(e, r, "--resources") : 0;
}

static int read_change(const struct update_request *req, struct arena *a,
		       struct spec_resources **ret, struct err *e)
{
	struct resources_update both;
	struct spec_resources *file = NULL;
	int r = spec_resources_check("command line", req->extra, e);

	if (r >= 0 && req->file)
		r = read_resources(req->file, a, &file, e);
	if (r < 0)
		return r;
	resources_merge(file, req->extra, a, &both);
	*ret = both.merged;
	return 0;
}

static int load(const struct store *s, const char *id, struct container *ret, struct err *e)
{
	int r = container_load_living(s, id, ret, e);

	return r >= 0 && !ret->cgroup ? err_set(e, EOPNOTSUPP, "it has no control group") : r;
}

static void merge_rdt(struct spec_linux *l, const struct spec_intel_rdt *change, struct arena *a)
{
	struct spec_intel_rdt *to = arena_alloc(a, 1, sizeof(*to));

	if (l->intel_rdt)
		*to = *l->intel_rdt;
	if (change->l3_cache_schema)
		to->l3_cache_schema = change->l3_cache_schema;
	if (change->mem_bw_schema)
		to->mem_bw_schema = change->mem_bw_schema;
	l->intel_rdt = to;
}

/* The configuration that is staged is kept, with the record where that changed, or dropped. */
static int finish(const struct update_request *req, const struct container *c, int r, struct err *e)
{
	if (r < 0) {
		container_drop_spec(c);
		return r;
	}
	r = container_keep_spec(c, e);
	if (r >= 0 && req->rdt)
		r = container_write_record(c, e);
	return r < 0 ? err_wrap(e, r, "it is done, but not written down") : 0;
}

static int apply(const struct update_request *req, struct container *c,
		 const struct spec_resources *resources, struct err *e)
{
	struct rdt_old old = { 0 };
	int r = req->rdt ? rdt_update(c, req->rdt, &old, e) : 0;

	if (r < 0)
		return r;
	r = c->cgroup ? cgroup_update(c->cgroup, resources, e) : 0;
	if (r < 0 && req->rdt)
		rdt_update_undo(c, &old);
	free(old.schemata);
	return r;
}

static int update(const struct update_request *req, struct container *c, struct err *e)
{
	struct runtime_spec *spec = NULL;
	struct spec_resources *change = NULL;
	struct resources_update u;
	int r = container_spec(c, &spec, e);

	if (r >= 0)
		r = read_change(req, &c->arena, &change, e);
	if (r < 0)
		return r;
	if (!spec->linux_)
		spec->linux_ = arena_alloc(&c->arena, 1, sizeof(*spec->linux_));
	resources_merge(spec->linux_->resources, change, &c->arena, &u);
	spec->linux_->resources = u.merged;
	if (req->rdt)
		merge_rdt(spec->linux_, req->rdt, &c->arena);
	r = runtime_spec_check("the new configuration", spec, e);
	/* Written before, in place after: what may fail comes first. */
	if (r >= 0)
		r = container_stage_spec(c, spec, e);
	if (r < 0)
		return r;
	r = apply(req, c, u.apply, e);
	return finish(req, c, r, e);
}

int container_update(const struct update_request *req, struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	auto_(container) struct container c = CONTAINER_NONE;
	int r = store_open(&s, req->host->root, false, e);

	if (r >= 0)
		r = load(&s, req->id, &c, e);
	if (r >= 0)
		r = update(req, &c, e);
	return r < 0 ? err_wrap(e, r, "update '%s'", req->id) : 0;
}
