/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about a descriptor that tolerate what it leaves out. */
#ifndef IMAGETOOL_STORE_DESCRIPTOR_H
#define IMAGETOOL_STORE_DESCRIPTOR_H

#include "oci-spec/image_spec.h"

/* MEDIA_UNKNOWN also without a media type. */
enum media_kind descriptor_kind(const struct image_descriptor *desc);
/* -1 when it gives none. */
int64_t descriptor_size(const struct image_descriptor *desc);
/* "" when it has none of this key. */
const char *descriptor_annotation(const struct image_descriptor *desc, const char *key);

#endif
