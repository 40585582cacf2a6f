/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/verbs.h"

static int read_name(const char *text, struct strv *names, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *name = NULL;
	int r = argument_reference(text, &ref, e);

	if (r < 0)
		return r;
	if (ref.digest)
		return err_set(e, IMAGE_EUSAGE,
			       "'%s' is a digest, which nobody can choose: give a tag", text);
	name = reference_text(&ref);
	strv_add(names, name);
	return 0;
}

static int run(const void *global, void *values UNUSED, char *const *args, int n, struct err *e)
{
	auto_(store) struct store *s = NULL;
	auto_(arena) struct arena a = { 0 };
	auto_(strv) struct strv names = { 0 };
	struct store_image found;
	int r = 0;

	for (int i = 1; i < n && r >= 0; i++)
		r = read_name(args[i], &names, e);
	if (r >= 0)
		r = globals_open_store(global, STORE_WRITE, &s, e);
	if (r >= 0)
		r = store_resolve(s, args[0], &a, &found, e);
	for (size_t i = 0; i < names.n && r >= 0; i++)
		r = store_tag(s, names.v[i], found.desc, e);
	return r < 0 ? err_wrap(e, r, "tag '%s'", args[0]) : 0;
}

const struct verb verb_tag = {
	.name = "tag",
	.args = "IMAGE NAME...",
	.summary = "give an image of the store more names",
	.details = "The old names stay.  An image that has one of the new names loses it.",
	.min_args = 2,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
