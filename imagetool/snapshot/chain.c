/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/snapshot/chain.h"

#include <stdlib.h>
#include <string.h>

#include "imagetool/errors.h"
#include "libutil/alloc.h"

static int check(const struct image_manifest *m, const struct image_config *config, struct err *e)
{
	const struct image_rootfs *fs = config ? config->rootfs : NULL;
	size_t n = fs ? fs->diff_ids.n : 0;

	if (!config)
		return err_set(e, EINVAL,
			       "this is not a container image: it has nothing to unpack");
	if (!fs || n != m->layers.n)
		return err_set(e, IMAGE_EVERIFY, "the manifest has %zu layers, the config %zu",
			       m->layers.n, n);
	if (n > SNAPSHOT_LAYERS_MAX)
		return err_set(e, E2BIG, "the image has %zu layers, more than the %d of overlayfs",
			       n, SNAPSHOT_LAYERS_MAX);
	for (size_t i = 0; i < n; i++) {
		int r = digest_check(fs->diff_ids.items[i], e);

		if (r < 0)
			return err_wrap(e, r, "diffID of layer %zu", i + 1);
	}
	return 0;
}

int snapshot_chain_init(struct snapshot_chain *ret, const struct image_manifest *manifest,
			const struct image_config *config, struct err *e)
{
	struct snapshot_chain c;
	int r = check(manifest, config, e);

	if (r < 0)
		return r;
	c.n = manifest->layers.n;
	c.layers = manifest->layers.items;
	c.diff_ids = (const char *const *)config->rootfs->diff_ids.items;
	c.ids = xcalloc(c.n + 1, sizeof(*c.ids));
	for (size_t i = 0; i < c.n; i++) {
		autofree char *text = NULL;

		if (i == 0) {
			(void)stpcpy(c.ids[0], c.diff_ids[0]);
			continue;
		}
		text = xasprintf("%s %s", c.ids[i - 1], c.diff_ids[i]);
		digest_of(DIGEST_SHA256, text, strlen(text), c.ids[i]);
	}
	*ret = c;
	return 0;
}

void snapshot_chain_done(struct snapshot_chain *c)
{
	free(c->ids);
	*c = (struct snapshot_chain){ 0 };
}
