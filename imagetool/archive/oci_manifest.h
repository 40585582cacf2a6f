/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests in OCI's words, also of an image that came without one. */
#ifndef IMAGETOOL_ARCHIVE_OCI_MANIFEST_H
#define IMAGETOOL_ARCHIVE_OCI_MANIFEST_H

#include "oci-spec/image_spec.h"

/* Is every word of it OCI's already? */
bool oci_manifest_is_oci(const struct image_manifest *m);

/* OCI's media type of a layer. Static. */
const char *oci_layer_type_of(enum layer_compression compression);

/* Of config and layers, whose media types are OCI's. */
void oci_manifest_write(const struct image_descriptor *config,
			const struct image_descriptor *layers, size_t n, struct strbuf *out);

#endif
