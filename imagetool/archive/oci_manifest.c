/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/archive/oci_manifest.h"

static const char *const layer_types[] = {
	[LAYER_PLAIN] = MEDIA_OCI_LAYER,
	[LAYER_GZIP] = MEDIA_OCI_LAYER "+gzip",
	[LAYER_ZSTD] = MEDIA_OCI_LAYER "+zstd",
};

const char *oci_layer_type_of(enum layer_compression compression)
{
	return layer_types[compression];
}

bool oci_manifest_is_oci(const struct image_manifest *m)
{
	static const char docker[] = "application/vnd.docker.";
	const struct image_descriptor *layers = m->layers.items;

	if (m->media_type && starts_with(m->media_type, docker))
		return false;
	if (m->config->media_type && starts_with(m->config->media_type, docker))
		return false;
	for (size_t i = 0; i < m->layers.n; i++)
		if (layers[i].media_type && starts_with(layers[i].media_type, docker))
			return false;
	return true;
}

void oci_manifest_write(const struct image_descriptor *config,
			const struct image_descriptor *layers, size_t n, struct strbuf *out)
{
	struct image_descriptor c = *config;
	struct image_manifest m = {
		.schema_version = { true, 2 },
		.media_type = MEDIA_OCI_MANIFEST,
		.config = &c,
		.layers = { .items = (void *)(uintptr_t)layers, .n = n },
	};

	oci_encode(&image_manifest_type, &m, 0, out);
}
