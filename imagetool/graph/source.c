/* SPDX-License-Identifier: Apache-2.0 */
/* The trees that COPY --from and mounts name: stages, images, contexts. */
#include <errno.h>

#include "imagetool/graph/internal.h"
#include "libutil/parse.h"

static int no_such_stage(struct platform_build *pb, const struct stage_build *s, const char *name,
			 size_t found, struct err *e)
{
	if (found == s->number || needed_by(pb, found, s->number))
		return err_set(e, ELOOP, "circular dependency detected on stage: %.80s",
			       stage_label(pb, found));
	return err_set(e, EINVAL,
		       "cannot copy from stage \"%.80s\", it needs to be defined before current "
		       "stage \"%.80s\"",
		       name, stage_label(pb, s->number));
}

int base_find_stage(struct platform_build *pb, const struct stage_build *s, const char *name,
		    bool numbers, ssize_t *ret, struct err *e)
{
	uint32_t number;
	ssize_t found = stages_find_name(pb, name, s->number);

	*ret = found;
	if (found >= 0 && (size_t)found >= s->number)
		return no_such_stage(pb, s, name, (size_t)found, e);
	if (found >= 0 || !numbers || parse_u32(name, &number) < 0)
		return 0;
	if (number >= pb->stages.n)
		return err_set(e, EINVAL, "invalid stage index %u", number);
	if (number >= s->number)
		return no_such_stage(pb, s, name, number, e);
	*ret = number;
	return 0;
}

static int context_source(struct platform_build *pb, struct stage_build *s, const char *name,
			  const struct graph_context *c, size_t *ret, struct err *e)
{
	/* As a stage that holds nothing else. */
	struct stage_build alone = { .platform = &pb->target,
				     .no_cache = s->no_cache,
				     .vertex = NO_VERTEX };
	int r;

	alone.env.arena = alone.args.arena = pb->b->arena;
	r = base_begin_context(pb, &alone, name, c, e);
	if (r >= 0)
		*ret = alone.vertex;
	return r;
}

static int image_source(struct platform_build *pb, struct stage_build *s, const char *name,
			size_t *ret, struct err *e)
{
	struct vertex_image want = { .platform = pb->target };
	const struct known_image *known;
	struct graph_context context;
	const char *short_name;
	int r = image_full_name(pb->b, name, &want.reference, e);

	if (r < 0)
		return r;
	short_name = image_short_name(pb->b, want.reference);
	r = context_lookup(pb, short_name, &context, e);
	if (r >= 0 && context.kind != GRAPH_CONTEXT_NONE)
		return context_source(pb, s, short_name, &context, ret, e);
	if (r >= 0)
		r = image_lookup(pb->b, &want, &known, e);
	if (r < 0)
		return err_wrap(e, r, "%.120s", name);
	*ret = NO_VERTEX;
	if (root_image_is_empty(known->image.config))
		return 0;
	return root_image(pb, s, known, arena_printf(pb->b->arena, "FROM %s", known->reference),
			  ret, e);
}

int base_source(struct platform_build *pb, struct stage_build *s, const char *name, bool numbers,
		size_t *ret, struct err *e)
{
	ssize_t stage;
	int r = base_find_stage(pb, s, name, numbers, &stage, e);

	if (r < 0)
		return r;
	if (stage >= 0) {
		r = stage_make(pb, (size_t)stage, e);
		if (r >= 0)
			*ret = pb->builds[stage].vertex;
		return r;
	}
	if (streq(name, "scratch")) {
		*ret = NO_VERTEX;
		return 0;
	}
	return image_source(pb, s, name, ret, e);
}
