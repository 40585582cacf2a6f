/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.json of `docker save`: an array of images. */
#include <errno.h>

#include "oci-spec/image_spec.h"

#define D(...) FIELD_ROW(struct docker_archive_item, __VA_ARGS__)
static const struct field rows[] = {
	D(config, "Config", FIELD_STRING, .bits = FIELD_REQUIRED),
	D(repo_tags, "RepoTags", FIELD_STRINGS),
	D(layers, "Layers", FIELD_STRINGS, .bits = FIELD_REQUIRED),
	/* Only for images whose layers stay elsewhere; readers of the layers do not need it. */
	FIELD_ROW_IGNORED("Parent"),
	FIELD_ROW_IGNORED("LayerSources"),
};
const struct field_type docker_archive_item_type =
	FIELD_TYPE("docker archive", struct docker_archive_item, rows);

/* The name of another member of the archive: relative, and nowhere else. */
static int check_member(const char *member, struct err *e)
{
	const char *p = member;
	char clipped[CLIP_SIZE];

	if (!*p || *p == '/')
		return err_set(e, EINVAL, "'%s' is not a name inside the archive",
			       clip_text(clipped, member, strlen(member)));
	while (p) {
		if (starts_with(p, "..") && (p[2] == '/' || !p[2]))
			return err_set(e, EINVAL, "'%s' leaves the archive",
				       clip_text(clipped, member, strlen(member)));
		p = strchr(p, '/');
		if (p)
			p++;
	}
	return 0;
}

static int check_item(const char *name, size_t index, const struct docker_archive_item *item,
		      struct err *e)
{
	int r = check_member(item->config, e);

	if (r < 0)
		return err_wrap(e, r, "%s: [%zu].Config", name, index);
	for (size_t i = 0; i < item->layers.n; i++) {
		r = check_member(item->layers.items[i], e);
		if (r < 0)
			return err_wrap(e, r, "%s: [%zu].Layers[%zu]", name, index, i);
	}
	return 0;
}

int docker_archive_decode(const char *name, const char *text, size_t len, struct arena *a,
			  struct docker_archive_item **ret, size_t *ret_n, struct err *e)
{
	struct oci_array items;
	int r = oci_decode_array(&docker_archive_item_type, name, text, len, NULL, a, &items, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < items.n; i++) {
		r = check_item(name, i, (struct docker_archive_item *)items.items + i, e);
		if (r < 0)
			return r;
	}
	*ret = items.items;
	*ret_n = items.n;
	return 0;
}
