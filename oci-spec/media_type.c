/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/image_spec.h"

/* Layers come as a base with an optional word for the compression. */
static const struct {
	const char *base;
	char separator;
	bool foreign;
} layer_bases[] = {
	{ MEDIA_OCI_LAYER, '+', false },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", '+', true },
	/* Docker writes ".gzip"; tools that convert to zstd write ".zstd". */
	{ MEDIA_DOCKER_LAYER, '.', false },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar", '.', true },
};

static bool parse_compression(const char *suffix, char separator, enum layer_compression *ret)
{
	if (!*suffix)
		*ret = LAYER_PLAIN;
	else if (*suffix != separator)
		return false;
	else if (streq(suffix + 1, "gzip"))
		*ret = LAYER_GZIP;
	else if (streq(suffix + 1, "zstd"))
		*ret = LAYER_ZSTD;
	else
		return false;
	return true;
}

static bool parse_layer(const char *type, enum layer_compression *ret_compression,
			bool *ret_foreign)
{
	for (size_t i = 0; i < ARRAY_LEN(layer_bases); i++) {
		const char *base = layer_bases[i].base;
		enum layer_compression compression;

		if (!starts_with(type, base) ||
		    !parse_compression(type + strlen(base), layer_bases[i].separator, &compression))
			continue;
		if (ret_compression)
			*ret_compression = compression;
		if (ret_foreign)
			*ret_foreign = layer_bases[i].foreign;
		return true;
	}
	return false;
}

enum media_kind media_type_parse(const char *type, enum layer_compression *ret_compression,
				 bool *ret_foreign)
{
	static const struct {
		const char *type;
		enum media_kind kind;
	} types[] = {
		{ MEDIA_OCI_MANIFEST, MEDIA_MANIFEST },    { MEDIA_OCI_INDEX, MEDIA_INDEX },
		{ MEDIA_OCI_CONFIG, MEDIA_CONFIG },        { MEDIA_OCI_EMPTY, MEDIA_EMPTY },
		{ MEDIA_DOCKER_MANIFEST, MEDIA_MANIFEST }, { MEDIA_DOCKER_LIST, MEDIA_INDEX },
		{ MEDIA_DOCKER_CONFIG, MEDIA_CONFIG },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (streq(types[i].type, type))
			return types[i].kind;
	}
	return parse_layer(type, ret_compression, ret_foreign) ? MEDIA_LAYER : MEDIA_UNKNOWN;
}
