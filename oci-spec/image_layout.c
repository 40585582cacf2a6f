/* SPDX-License-Identifier: Apache-2.0 */
/* The oci-layout file (image-layout.md). */
#include <errno.h>

#include "oci-spec/image_spec.h"

static const struct field rows[] = {
	FIELD_ROW(struct image_layout, version, "imageLayoutVersion", FIELD_STRING,
		  .bits = FIELD_REQUIRED),
};
const struct field_type image_layout_type = FIELD_TYPE("image layout", struct image_layout, rows);

int image_layout_decode(const char *name, const char *text, size_t len, struct arena *a,
			struct image_layout **ret, struct err *e)
{
	struct image_layout *layout;
	char clipped[CLIP_SIZE];
	void *object;
	int r = oci_decode(&image_layout_type, name, text, len, NULL, a, &object, e);

	if (r < 0)
		return r;
	layout = object;
	if (!streq(layout->version, IMAGE_LAYOUT_VERSION))
		return err_set(e, EINVAL, "%s: imageLayoutVersion: expected '%s', found '%s'", name,
			       IMAGE_LAYOUT_VERSION,
			       clip_text(clipped, layout->version, strlen(layout->version)));
	*ret = layout;
	return 0;
}
