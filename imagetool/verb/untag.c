/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/program.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/verb/verbs.h"
#include "libutil/strv.h"

/* Names to take away; all of them when none is given, which podman untag does.  1 when none
 * remains. */
static int collect(const struct store *s, char *const *args, int n, struct strv *names,
		   struct store_image *image, struct arena *a, struct err *e)
{
	const struct image_descriptor *entries;
	auto_(strv) struct strv all = { 0 };
	struct image_index *index;
	int r = store_resolve(s, args[0], a, image, e);

	if (r >= 0)
		r = store_index(s, a, &index, e);
	if (r < 0)
		return r;
	entries = index->manifests.items;
	for (size_t i = 0; i < index->manifests.n; i++)
		if (streq(entries[i].digest, image->desc->digest) && *store_name_of(&entries[i]))
			strv_add(n == 1 ? names : &all, store_name_of(&entries[i]));
	for (int i = 1; i < n && r >= 0; i++) {
		struct store_image named;

		r = store_resolve(s, args[i], a, &named, e);
		if (r >= 0 && (!streq(named.desc->digest, image->desc->digest) || named.by_digest))
			r = err_set(e, EINVAL, "'%s' is no name of '%s'", args[i], args[0]);
		if (r >= 0 && !strv_has(names, named.name))
			strv_add(names, named.name);
	}
	return r < 0 ? r : names->n >= all.n;
}

static int run(const void *global, void *values UNUSED, char *const *args, int n, struct err *e)
{
	auto_(store) struct store *s = NULL;
	auto_(arena) struct arena a = { 0 };
	auto_(strv) struct strv names = { 0 };
	struct store_image image;
	int r = globals_open_store(global, STORE_WRITE, &s, e);

	if (r >= 0)
		r = collect(s, args, n, &names, &image, &a, e);
	/* The image stays, nameless, if nothing else: first its entry without a name. */
	if (r > 0)
		r = store_tag(s, "", image.desc, e);
	for (size_t i = 0; i < names.n && r >= 0; i++)
		r = store_untag(s, names.v[i], e);
	return r < 0 ? err_wrap(e, r, "untag '%s'", args[0]) : 0;
}

const struct verb verb_untag = {
	.name = "untag",
	.args = "IMAGE [NAME...]",
	.summary = "take names away from an image and keep it",
	.details = "Without NAME all of them.  The image stays and is known by its digest; `rm` "
		   "removes it.",
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
