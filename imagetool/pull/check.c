/* SPDX-License-Identifier: Apache-2.0 */
/* The config against the manifest and the platform. */
#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/pull/internal.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"

static int read_config(struct pull *p, struct err *e)
{
	const struct image_descriptor *desc = p->manifest->config;
	struct image_config *config;
	autofree char *text = NULL;
	size_t len;
	int r;

	if (!desc || descriptor_kind(desc) != MEDIA_CONFIG)
		return 0;
	r = blob_read(p->store, desc->digest, desc->size.v, IMAGE_CONFIG_MAX, &text, &len, e);
	if (r < 0)
		return r;
	r = image_config_decode(desc->digest, text, len, &p->arena, &config, e);
	if (r < 0)
		return err_wrap(e, -IMAGE_EVERIFY, "image config");
	p->config = config;
	return 0;
}

static int check_layers(const struct pull *p, struct err *e)
{
	size_t ids = p->config->rootfs ? p->config->rootfs->diff_ids.n : 0;

	if (ids != p->n_layers)
		return err_set(e, IMAGE_EVERIFY,
			       "the manifest has %zu layers, the image config describes %zu",
			       p->n_layers, ids);
	return 0;
}

/*
 * A lone manifest is what it is.  An index was searched for the platform, and what it says counts:
 * the configs of images for several platforms are wrong too often.
 */
static int check_platform(const struct pull *p, struct err *e)
{
	const struct image_platform have = { .architecture = p->config->architecture,
					     .os = p->config->os,
					     .variant = p->config->variant };
	char want[PLATFORM_TEXT_SIZE];

	if (!p->opts->platform || p->from_index || platform_fits(&p->platform, &have))
		return 0;
	return err_set(e, IMAGE_ENOTFOUND, "the image is for platform %s/%s%s%s, not %s",
		       have.os ? have.os : "?", have.architecture ? have.architecture : "?",
		       have.variant ? "/" : "", have.variant ? have.variant : "",
		       platform_text(&p->platform, want));
}

int pull_check(struct pull *p, struct err *e)
{
	int r = p->config ? 0 : read_config(p, e);

	if (r < 0 || !p->config)
		return r;
	r = check_layers(p, e);
	if (r >= 0)
		r = check_platform(p, e);
	if (r >= 0 && p->snapshots && p->n_layers > 0 && p->chain.n == 0)
		r = snapshot_chain_init(&p->chain, p->manifest, p->config, e);
	return r;
}
