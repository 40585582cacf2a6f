/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests in OCI's words.  An image that a Docker registry served has Docker's
 * media types, which tools that read OCI layouts refuse; blobs are the same.
 */
#ifndef IMAGETOOL_ARCHIVE_OCI_MANIFEST_H
#define IMAGETOOL_ARCHIVE_OCI_MANIFEST_H

#include "oci-spec/image_spec.h"

/* OCI's media type of a layer; NULL when `type` is no layer's. Static. */
const char *oci_layer_type(const char *type);
/* By compression. */
const char *oci_layer_type_of(enum layer_compression compression);

/* Is every word of it OCI's already? Then its bytes stay as they are. */
bool oci_manifest_is_oci(const struct image_manifest *m);
/* The same image in OCI's words; 0, or -EINVAL for something that is no image. */
int oci_manifest_convert(const struct image_manifest *m, struct strbuf *out, struct err *e);

/* A manifest of config and layers, whose media types are OCI's. */
void oci_manifest_write(const struct image_descriptor *config,
			const struct image_descriptor *layers, size_t n, struct strbuf *out);

#endif
