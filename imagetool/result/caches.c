/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/caches.h"

#include <stdlib.h>

int result_caches_parse(const struct strv *from, const struct strv *to, struct result_caches *ret,
			struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < from->n && r >= 0; i++)
		r = cache_specs_add_from(&ret->from, from->v[i], e);
	for (size_t i = 0; i < to->n && r >= 0; i++)
		r = cache_specs_add_to(&ret->to, to->v[i], e);
	return r;
}

void result_caches_open(struct result_caches *c, struct store *s, const struct platform *platform,
			const struct registry_opts *registry,
			void (*warn)(void *ctx, const struct err *why), void *ctx)
{
	struct platform here;

	if (platform)
		here = *platform;
	else
		platform_host(&here);
	c->imports = xcalloc(c->from.n + 1, sizeof(*c->imports));
	for (size_t i = 0; i < c->from.n; i++) {
		struct cache_import *import = NULL;
		struct err why = { 0 };

		if (cache_import_open(s, &c->from.items[i], &here, registry, &import, &why) < 0)
			warn(ctx, &why);
		else
			c->imports[c->n_imports++] =
				(struct solve_import){ cache_import_find, cache_import_fetch,
						       import };
	}
}

void result_caches_done(struct result_caches *c)
{
	for (size_t i = 0; i < c->n_imports; i++)
		cache_import_free(c->imports[i].ctx);
	free(c->imports);
	cache_specs_done(&c->from);
	cache_specs_done(&c->to);
	*c = (struct result_caches){ 0 };
}

bool result_caches_are_inline(const struct result_caches *c)
{
	for (size_t i = 0; i < c->to.n; i++)
		if (c->to.items[i].kind == CACHE_INLINE)
			return true;
	return false;
}

int result_caches_set_inline(const struct result_caches *c, struct solve *s, const struct graph *g,
			     struct arena *a, struct result_image *image, struct err *e)
{
	struct cache_entries entries;
	int r = 0;

	if (!result_caches_are_inline(c))
		return 0;
	r = cache_entries_of(s, g, false, a, &entries, e);
	if (r >= 0)
		image->inline_cache = cache_inline(&entries, image, a);
	return r;
}

static int export_one(const struct cache_spec *spec, struct store *store, struct solve *s,
		      const struct graph *g, const struct registry_opts *registry, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct cache_entries entries;
	int r = cache_entries_of(s, g, spec->max, &a, &entries, e);

	return r < 0 ? r : cache_export(store, spec, &entries, registry, e);
}

int result_caches_export(const struct result_caches *c, struct store *store, struct solve *s,
			 const struct graph *g, const struct registry_opts *registry,
			 void (*warn)(void *ctx, const struct err *why), void *ctx, struct err *e)
{
	for (size_t i = 0; i < c->to.n; i++) {
		const struct cache_spec *spec = &c->to.items[i];
		struct err why = { 0 };

		if (spec->kind == CACHE_INLINE ||
		    export_one(spec, store, s, g, registry, &why) >= 0)
			continue;
		if (!spec->ignore_error)
			return err_take(e, &why);
		warn(ctx, &why);
	}
	return 0;
}
