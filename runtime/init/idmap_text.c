/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/idmap_text.h"

#include <errno.h>

#include "libutil/parse.h"
#include "libutil/strv.h"

void idmap_text_done(struct idmap_text *t)
{
	free(t->uids.items);
	free(t->gids.items);
	*t = (struct idmap_text){ 0 };
}

/* The container's id as the host counts.  A range that begins in one line of its map and ends in
 * another would need to be cut in two: the caller has to write it so. */
static int to_host(const struct oci_array *own, struct spec_id_mapping *m)
{
	const struct spec_id_mapping *o = own->items;

	for (size_t i = 0; i < own->n; i++) {
		uint64_t at = m->host_id.v - o[i].container_id.v;

		if (m->host_id.v < o[i].container_id.v || at >= o[i].size.v)
			continue;
		if (m->size.v > o[i].size.v - at)
			return -ERANGE;
		m->host_id.v = o[i].host_id.v + at;
		return 0;
	}
	return -ERANGE;
}

static int parse_range(const char *text, struct spec_id_mapping *ret)
{
	auto_(strv) struct strv f = { 0 };
	uint32_t first = 0, becomes = 0, size = 0;

	strv_split(&f, text, '-', false);
	if (f.n != 3 || parse_id(f.v[0], &first) < 0 || parse_id(f.v[1], &becomes) < 0 ||
	    parse_u32(f.v[2], &size) < 0 || size == 0)
		return -EINVAL;
	*ret = (struct spec_id_mapping){ .container_id = { true, first },
					 .host_id = { true, becomes },
					 .size = { true, size } };
	return 0;
}

static int parse_ranges(const char *text, const struct oci_array *own, const char *path,
			struct oci_array *ret, struct err *e)
{
	bool relative = text[0] == '@';
	auto_(strv) struct strv ranges = { 0 };

	strv_split(&ranges, text + relative, '#', false);
	if (ranges.n == 0 || ranges.n > IDMAP_TEXT_MAX)
		return err_set(e, EINVAL, "%s: %zu ranges, 1 to %d are possible", path, ranges.n,
			       IDMAP_TEXT_MAX);
	ret->items = xcalloc(ranges.n, sizeof(struct spec_id_mapping));
	for (; ret->n < ranges.n; ret->n++) {
		struct spec_id_mapping *m = (struct spec_id_mapping *)ret->items + ret->n;
		const char *range = ranges.v[ret->n];

		if (parse_range(range, m) < 0)
			return err_set(e, EINVAL, "%s: '%.60s' is not FIRST-BECOMES-SIZE", path,
				       range);
		if (relative && to_host(own, m) < 0)
			return err_set(e, ERANGE,
				       "%s: '@%.60s' is not within one line of the container's "
				       "mappings",
				       path, range);
	}
	return 0;
}

static int parse_part(const char *part, const struct spec_linux *l, const char *path,
		      struct idmap_text *t, struct err *e)
{
	static const struct spec_linux none;
	bool uids = starts_with(part, "uids=");
	struct oci_array *list = uids ? &t->uids : &t->gids;

	l = l ? l : &none;
	if (!uids && !starts_with(part, "gids="))
		return err_set(e, EINVAL, "%s: '%.60s' is not uids=... or gids=...", path, part);
	if (list->items)
		return err_set(e, EINVAL, "%s: '%.4s' is given twice", path, part);
	return parse_ranges(part + strlen("uids="), uids ? &l->uid_mappings : &l->gid_mappings,
			    path, list, e);
}

int idmap_text_parse(const char *text, const struct spec_linux *l, const char *path,
		     struct idmap_text *ret, struct err *e)
{
	auto_(strv) struct strv parts = { 0 };
	struct idmap_text t = { 0 };
	int r = 0;

	strv_split(&parts, text, ';', true);
	for (size_t i = 0; i < parts.n && r >= 0; i++)
		r = parse_part(parts.v[i], l, path, &t, e);
	if (r >= 0 && (!t.uids.items || !t.gids.items))
		r = err_set(e, EINVAL, "%s: needs both uids=... and gids=...", path);
	if (r < 0) {
		idmap_text_done(&t);
		return r;
	}
	*ret = t;
	return 0;
}
