/* SPDX-License-Identifier: Apache-2.0 */
/* Vertices that need no other: images, contexts, repositories, downloads. */
#include <errno.h>

#include "imagetool/graph/internal.h"

int main_context(struct platform_build *pb, size_t *ret, struct err *e)
{
	const struct vertex v = {
		.kind = VERTEX_CONTEXT,
		.u.context = { .name = "" },
		.name = "[internal] load build context",
		.stage = "",
		.platform = &pb->target,
	};

	pb->b->graph->uses_context = true;
	return vertices_add(&pb->b->vertices, &v, ret, e);
}

bool root_image_is_empty(const struct image_config *c)
{
	const struct image_history *h = c->history.items;

	if (c->rootfs && c->rootfs->diff_ids.n > 0)
		return false;
	for (size_t i = 0; i < c->history.n; i++)
		if (!h[i].empty_layer.v)
			return false;
	return true;
}

int root_image(struct platform_build *pb, const struct stage_build *s,
	       const struct known_image *known, const char *name, size_t *ret, struct err *e)
{
	struct platform *platform = arena_alloc(pb->b->arena, 1, sizeof(*platform));
	struct vertex v = {
		.kind = VERTEX_IMAGE,
		.u.image = known->want,
		.name = name,
		.stage = "",
		.origin = pb->b->now,
		.platform = platform,
	};

	v.u.image.reference = known->reference;
	v.u.image.digest = known->image.digest;
	*platform = known->want.platform;
	v.no_cache = s->no_cache;
	return vertices_add(&pb->b->vertices, &v, ret, e);
}

static int describe_git(struct platform_build *pb, const char *url, struct vertex_git *ret,
			struct err *e)
{
	enum source_kind kind;
	bool keeps;
	int r = source_kind_of(url, pb->b->arena, &kind, ret, &keeps, e);

	if (r >= 0 && kind != SOURCE_GIT)
		r = err_set(e, EINVAL, "invalid git context %.200s", url);
	return r;
}

int root_describe(struct platform_build *pb, const struct graph_context *c, const char *context,
		  const char *name, struct vertex *ret, struct err *e)
{
	struct vertex v = {
		.name = name, .stage = "", .origin = pb->b->now, .platform = &pb->target
	};
	int r = 0;

	if (c->kind == GRAPH_CONTEXT_GIT) {
		v.kind = VERTEX_GIT;
		r = describe_git(pb, c->value, &v.u.git, e);
	} else if (c->kind == GRAPH_CONTEXT_HTTP) {
		v.kind = VERTEX_HTTP;
		v.u.http = (struct vertex_http){ .url = c->value, .filename = "context" };
	} else {
		v.kind = VERTEX_CONTEXT;
		v.u.context.name = context;
	}
	*ret = v;
	return r;
}

int root_plain(struct platform_build *pb, const struct graph_context *c, const char *context,
	       const char *name, size_t *ret, struct err *e)
{
	struct vertex v;
	int r = root_describe(pb, c, context, name, &v, e);

	return r < 0 ? r : vertices_add(&pb->b->vertices, &v, ret, e);
}
