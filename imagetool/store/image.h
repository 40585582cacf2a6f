/* SPDX-License-Identifier: Apache-2.0 */
/* One image of the store, read and checked: manifest and config, as structs and as the bytes they
 * were. */
#ifndef IMAGETOOL_STORE_IMAGE_H
#define IMAGETOOL_STORE_IMAGE_H

#include "imagetool/platform.h"
#include "imagetool/store/store.h"

#define IMAGE_MANIFEST_MAX ((size_t)4 << 20)
#define IMAGE_CONFIG_MAX   ((size_t)16 << 20)

struct image {
	struct arena arena; /* owns everything below */
	const char *name;   /* as in index.json; "" when found by digest and nameless */
	const struct image_descriptor *desc; /* in index.json */
	const struct image_descriptor
		*selected; /* of the manifest: desc, or what was chosen from an index */
	const struct image_manifest *manifest;
	const char *manifest_text;
	size_t manifest_len;
	const struct image_config
		*config; /* NULL when the config blob is not an image's (an artifact) */
	const char *config_text;
	size_t config_len;
};

/* store_resolve(), then down through indexes by `platform` (NULL: this machine's), then read
 * manifest and config. Digests and sizes are verified.  `img` is zeroed first. */
int image_load(const struct store *s, const char *name, const struct platform *platform,
	       struct image *img, struct err *e);
/* The same from a descriptor found before. */
int image_load_entry(const struct store *s, const struct store_image *entry,
		     const struct platform *platform, struct image *img, struct err *e);
void image_done(struct image *img);
AUTO_DEFINE_DONE(image, image_done)

#endif
