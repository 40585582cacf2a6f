/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/mount/layers.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/store/lease.h"
#include "libutil/alloc.h"

static int make_missing(struct snapshots *s, const struct snapshot_chain *c,
			struct apply_notes *notes, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < c->n && r >= 0; i++)
		r = snapshot_make_stored(s, c, i, notes, e);
	return r < 0 ? r : snapshot_settle(s, c, notes, e);
}

int layers_ready(struct store *s, const struct image *img, enum snapshot_choice form,
		 struct snapshot_stack *ret, struct apply_notes *notes, struct err *e)
{
	auto_(snapshot_chain) struct snapshot_chain c = { 0 };
	auto_(snapshots) struct snapshots *snaps = NULL;
	int r = snapshot_chain_init(&c, img->manifest, img->config, e);

	if (r >= 0)
		r = snapshots_open(s, form, &snaps, e);
	if (r >= 0)
		r = make_missing(snaps, &c, notes, e);
	return r < 0 ? r : snapshot_lowers(snaps, &c, ret, e);
}

int layers_lease(struct store *s, const struct image *img, const struct snapshot_stack *stack,
		 const char *path, struct err *e)
{
	autofree const char **keys = xcalloc(stack->n + 1, sizeof(*keys));
	const char *const digests[] = { img->selected->digest };
	char id[LEASE_ID_SIZE];
	struct lease l = {
		.id = id,
		.path = path,
		.digests = digests,
		.n_digests = ARRAY_LEN(digests),
		.snapshots = keys,
		.n_snapshots = stack->n,
	};

	for (size_t i = 0; i < stack->n; i++)
		keys[i] = stack->lower[i].key;
	lease_id_of(path, id);
	return lease_take(s, &l, e);
}
