/* SPDX-License-Identifier: Apache-2.0 */
/* What the image documents share: how manifests and indexes are told apart, digests of descriptors.
 */
#ifndef OCI_SPEC_IMAGE_ROWS_H
#define OCI_SPEC_IMAGE_ROWS_H

#include "oci-spec/image_spec.h"

/* Digests are legal.  `path` is where the descriptor stands: "config", "layers". */
int image_descriptor_check(const char *name, const char *path, const struct image_descriptor *d,
			   struct err *e);
int image_descriptors_check(const char *name, const char *path, const struct oci_array *list,
			    struct err *e);

/* Decode a document that must not have one of `foreign` (NULL-terminated): keys of another kind of
 * document. Bytes that can be read as a manifest and as an index let two tools see two images
 * (CVE-2021-41190). */
int image_decode(const struct field_type *type, const char *const *foreign, const char *name,
		 const char *text, size_t len, struct arena *a, void **ret, struct err *e);
/* schemaVersion is 2; mediaType, when given, is of that kind. */
int image_check_head(const char *name, const struct opt_i64 *version, const char *media_type,
		     enum media_kind kind, struct err *e);

#endif
