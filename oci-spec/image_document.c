/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>

#include "oci-spec/image_rows.h"

struct foreign {
	const char *const *keys;
	const char *found;
};

static void note_foreign(void *ctx, const char *path, const char *key UNUSED,
			 const struct field_type *known UNUSED)
{
	struct foreign *f = ctx;

	for (size_t i = 0; f->keys[i]; i++) {
		if (streq(f->keys[i], path))
			f->found = f->keys[i];
	}
}

static int refuse_schema_1(const char *name, struct err *e)
{
	return err_set(
		e, EINVAL,
		"%s: schemaVersion: Docker's schema 1 is not supported, push the image again "
		"with a newer tool",
		name);
}

int image_decode(const struct field_type *type, const char *const *foreign, const char *name,
		 const char *text, size_t len, struct arena *a, void **ret, struct err *e)
{
	struct foreign f = { .keys = foreign };
	struct decode_opts opts = { .unknown = note_foreign, .ctx = &f };
	void *object;
	int r = oci_decode(type, name, text, len, &opts, a, &object, e);

	/* The wrong kind of document lacks required keys too: say first what it is. */
	if (f.found && streq(f.found, "fsLayers"))
		return refuse_schema_1(name, e);
	if (f.found)
		return err_set(e, EINVAL, "%s: %s: does not belong in an %s", name, f.found,
			       type->name);
	if (r < 0)
		return r;
	*ret = object;
	return 0;
}

int image_check_head(const char *name, const struct opt_i64 *version, const char *media_type,
		     enum media_kind kind, struct err *e)
{
	char clipped[CLIP_SIZE];

	if (version->v == 1)
		return refuse_schema_1(name, e);
	if (version->v != 2)
		return err_set(e, EINVAL, "%s: schemaVersion: expected 2, found %" PRId64, name,
			       version->v);
	if (media_type && media_type_parse(media_type, NULL, NULL) != kind)
		return err_set(e, EINVAL, "%s: mediaType: '%s' is not the type of an %s", name,
			       clip_text(clipped, media_type, strlen(media_type)),
			       kind == MEDIA_INDEX ? "image index" : "image manifest");
	return 0;
}
