/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/descriptor.h"

enum media_kind descriptor_kind(const struct image_descriptor *desc)
{
	return desc->media_type ? media_type_parse(desc->media_type, NULL, NULL) : MEDIA_UNKNOWN;
}

int64_t descriptor_size(const struct image_descriptor *desc)
{
	return desc->size.set ? desc->size.v : -1;
}

const char *descriptor_annotation(const struct image_descriptor *desc, const char *key)
{
	for (size_t i = 0; i < desc->annotations.n; i++) {
		if (streq(desc->annotations.items[i].key, key))
			return desc->annotations.items[i].value;
	}
	return "";
}
