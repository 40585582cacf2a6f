/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/archive/oci_manifest.h"

#include <errno.h>

#include "libutil/alloc.h"

static const char *const layer_types[] = {
	[LAYER_PLAIN] = MEDIA_OCI_LAYER,
	[LAYER_GZIP] = MEDIA_OCI_LAYER "+gzip",
	[LAYER_ZSTD] = MEDIA_OCI_LAYER "+zstd",
};

const char *oci_layer_type_of(enum layer_compression compression)
{
	return layer_types[compression];
}

const char *oci_layer_type(const char *type)
{
	enum layer_compression compression;

	if (!type || media_type_parse(type, &compression, NULL) != MEDIA_LAYER)
		return NULL;
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

int oci_manifest_convert(const struct image_manifest *m, struct strbuf *out, struct err *e)
{
	const struct image_descriptor *from = m->layers.items;
	autofree struct image_descriptor *layers = xcalloc(m->layers.n + 1, sizeof(*layers));
	struct image_descriptor config = *m->config;

	config.media_type = MEDIA_OCI_CONFIG;
	for (size_t i = 0; i < m->layers.n; i++) {
		layers[i] = from[i];
		layers[i].media_type = oci_layer_type(from[i].media_type);
		if (!layers[i].media_type)
			return err_set(e, EINVAL,
				       "layer %zu has media type '%s', which is no layer's", i,
				       from[i].media_type ? from[i].media_type : "");
	}
	oci_manifest_write(&config, layers, m->layers.n, out);
	return strbuf_check(out, "manifest", e);
}
