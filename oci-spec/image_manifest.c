/* SPDX-License-Identifier: Apache-2.0 */
/* Image manifests (manifest.md), Docker's schema 2 ones too. */
#include "oci-spec/image_rows.h"

#define M(...) FIELD_ROW(struct image_manifest, __VA_ARGS__)
static const struct field rows[] = {
	M(schema_version, "schemaVersion", FIELD_I64, .bits = FIELD_REQUIRED),
	M(media_type, "mediaType", FIELD_STRING),
	M(artifact_type, "artifactType", FIELD_STRING),
	M(config, "config", FIELD_OBJECT, .bits = FIELD_REQUIRED, .type = &image_descriptor_type),
	M(layers, "layers", FIELD_OBJECTS, .bits = FIELD_REQUIRED, .type = &image_descriptor_type),
	M(subject, "subject", FIELD_OBJECT, .type = &image_descriptor_type),
	M(annotations, "annotations", FIELD_STRMAP),
};
const struct field_type image_manifest_type =
	FIELD_TYPE("image manifest", struct image_manifest, rows);

static int check(const char *name, const struct image_manifest *m, struct err *e)
{
	int r = image_check_head(name, &m->schema_version, m->media_type, MEDIA_MANIFEST, e);

	if (r == 0)
		r = image_descriptor_check(name, "config", m->config, e);
	if (r == 0)
		r = image_descriptors_check(name, "layers", &m->layers, e);
	if (r == 0 && m->subject)
		r = image_descriptor_check(name, "subject", m->subject, e);
	return r;
}

int image_manifest_decode(const char *name, const char *text, size_t len, struct arena *a,
			  struct image_manifest **ret, struct err *e)
{
	static const char *const foreign[] = { "manifests", "fsLayers", NULL };
	void *object;
	int r = image_decode(&image_manifest_type, foreign, name, text, len, a, &object, e);

	if (r == 0)
		r = check(name, object, e);
	if (r < 0)
		return r;
	*ret = object;
	return 0;
}
