/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: content descriptors (descriptor.md) with an index's platform (image-index.md). */
#include "oci-spec/image_rows.h"

#define P(...) FIELD_ROW(struct image_platform, __VA_ARGS__)
static const struct field platform_rows[] = {
	P(architecture, "architecture", FIELD_STRING, .bits = FIELD_REQUIRED),
	P(os, "os", FIELD_STRING, .bits = FIELD_REQUIRED),
	P(os_version, "os.version", FIELD_STRING),
	P(os_features, "os.features", FIELD_STRINGS),
	P(variant, "variant", FIELD_STRING),
	P(features, "features", FIELD_STRINGS),
};
static const struct field_type platform_type =
	FIELD_TYPE("platform", struct image_platform, platform_rows);

#define D(...) FIELD_ROW(struct image_descriptor, __VA_ARGS__)
static const struct field rows[] = {
	D(media_type, "mediaType", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	D(digest, "digest", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	D(size, "size", FIELD_I64, .bits = FIELD_REQUIRED, .min = 0, .max = INT64_MAX),
	D(urls, "urls", FIELD_STRINGS),
	D(annotations, "annotations", FIELD_STRMAP),
	D(data, "data", FIELD_STRING),
	D(artifact_type, "artifactType", FIELD_STRING),
	D(platform, "platform", FIELD_OBJECT, .type = &platform_type),
};
const struct field_type image_descriptor_type =
	FIELD_TYPE("descriptor", struct image_descriptor, rows);

int image_descriptor_check(const char *name, const char *path, const struct image_descriptor *d,
			   struct err *e)
{
	int r = digest_check(d->digest, e);

	return r < 0 ? err_wrap(e, r, "%s: %s.digest", name, path) : 0;
}

int image_descriptors_check(const char *name, const char *path, const struct oci_array *list,
			    struct err *e)
{
	const struct image_descriptor *items = list->items;

	for (size_t i = 0; i < list->n; i++) {
		int r = digest_check(items[i].digest, e);

		if (r < 0)
			return err_wrap(e, r, "%s: %s[%zu].digest", name, path, i);
	}
	return 0;
}
