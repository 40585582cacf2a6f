/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/oci_entries.h"

#include "imagetool/archive/load.h"
#include "libutil/alloc.h"
#include "libutil/path.h"

void oci_entries_done(struct oci_entries *s)
{
	arena_done(&s->arena);
	*s = (struct oci_entries){ 0 };
}

static bool is_taken(const struct oci_entries *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (streq(store_name_of(&s->items[i]), name))
			return true;
	return false;
}

/* The tag; "repository-tag" when another image has the tag; then counted. */
static const char *short_name(struct oci_entries *s, const struct image_reference *ref)
{
	const char *tag = ref->tag ? ref->tag : "latest";
	const char *base = path_base(ref->repository);
	const char *name = arena_strdup(&s->arena, tag);

	if (is_taken(s, name))
		name = arena_printf(&s->arena, "%s-%s", base, tag);
	for (int i = 2; is_taken(s, name); i++)
		name = arena_printf(&s->arena, "%s-%s-%d", base, tag, i);
	return name;
}

static void set_names(struct oci_entries *s, const char *name, bool short_names,
		      struct oci_strmap *ret)
{
	auto_(image_reference) struct image_reference ref = { 0 };

	*ret = (struct oci_strmap){ .items = arena_alloc(&s->arena, 2, sizeof(*ret->items)) };
	name = arena_strdup(&s->arena, name);
	/* A name that is no reference came with a layout of somebody's, and goes with it. */
	if (!short_names || reference_parse(name, &ref, NULL) < 0 || !strpbrk(name, "/:")) {
		ret->items[ret->n++] = (struct oci_pair){ IMAGE_REF_NAME, name };
		return;
	}
	ret->items[ret->n++] = (struct oci_pair){ IMAGE_FULL_NAME, name };
	ret->items[ret->n++] = (struct oci_pair){ IMAGE_REF_NAME, short_name(s, &ref) };
}

static const char *keep(struct oci_entries *s, const char *text)
{
	return text ? arena_strdup(&s->arena, text) : NULL;
}

static struct image_platform *keep_platform(struct oci_entries *s, const struct image_platform *p)
{
	struct image_platform *own = arena_alloc(&s->arena, 1, sizeof(*own));

	own->architecture = keep(s, p->architecture);
	own->os = keep(s, p->os);
	own->variant = keep(s, p->variant);
	own->os_version = keep(s, p->os_version);
	return own;
}

void oci_entries_add(struct oci_entries *s, const struct image_descriptor *desc, const char *name,
		     bool short_names)
{
	struct image_descriptor entry = { .media_type = keep(s, desc->media_type),
					  .digest = keep(s, desc->digest),
					  .size = desc->size,
					  .artifact_type = keep(s, desc->artifact_type) };

	if (desc->platform)
		entry.platform = keep_platform(s, desc->platform);
	if (name && *name)
		set_names(s, name, short_names, &entry.annotations);
	s->items = arena_grow(&s->arena, s->items, s->n, s->n + 1, sizeof(*s->items));
	s->items[s->n++] = entry;
}
