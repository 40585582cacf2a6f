/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of the store in forms that other tools read.  Blobs are checked by
 * digest as they are copied; names are sorted and times fixed, so the same
 * images give the same bytes.
 */
#ifndef IMAGETOOL_ARCHIVE_SAVE_H
#define IMAGETOOL_ARCHIVE_SAVE_H

#include "imagetool/archive/sink.h"
#include "imagetool/store/image.h"

/* Annotation with the full name; ref.name holds the tag only, as containerd and docker write it. */
#define IMAGE_FULL_NAME "io.containerd.image.name"

struct save_images {
	const struct image *items;
	size_t n;
};

/* An OCI layout: blobs/, index.json, oci-layout. */
int save_oci(const struct store *s, const struct save_images *images, struct sink *to,
	     struct err *e);
/* What `docker load` takes: manifest.json, repositories, layers as plain tar archives. */
int save_docker(const struct store *s, const struct save_images *images, struct sink *to,
		struct err *e);

#endif
