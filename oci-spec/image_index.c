/* SPDX-License-Identifier: Apache-2.0 */
/* Image indexes (image-index.md) and Docker's manifest lists. */
#include "oci-spec/image_rows.h"

#define I(...) FIELD_ROW(struct image_index, __VA_ARGS__)
static const struct field rows[] = {
	I(schema_version, "schemaVersion", FIELD_I64, .bits = FIELD_REQUIRED),
	I(media_type, "mediaType", FIELD_STRING),
	I(artifact_type, "artifactType", FIELD_STRING),
	I(manifests, "manifests", FIELD_OBJECTS, .bits = FIELD_REQUIRED,
	  .type = &image_descriptor_type),
	I(subject, "subject", FIELD_OBJECT, .type = &image_descriptor_type),
	I(annotations, "annotations", FIELD_STRMAP),
};
const struct field_type image_index_type = FIELD_TYPE("image index", struct image_index, rows);

static int check(const char *name, const struct image_index *x, struct err *e)
{
	int r = image_check_head(name, &x->schema_version, x->media_type, MEDIA_INDEX, e);

	if (r == 0)
		r = image_descriptors_check(name, "manifests", &x->manifests, e);
	if (r == 0 && x->subject)
		r = image_descriptor_check(name, "subject", x->subject, e);
	return r;
}

int image_index_decode(const char *name, const char *text, size_t len, struct arena *a,
		       struct image_index **ret, struct err *e)
{
	static const char *const foreign[] = { "layers", "config", "fsLayers", NULL };
	void *object;
	int r = image_decode(&image_index_type, foreign, name, text, len, a, &object, e);

	if (r == 0)
		r = check(name, object, e);
	if (r < 0)
		return r;
	*ret = object;
	return 0;
}
