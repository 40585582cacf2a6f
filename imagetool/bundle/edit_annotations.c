/* SPDX-License-Identifier: Apache-2.0 */
/* Labels, annotations, restart policy.  A label is a description, an annotation may be an order. */
#include <errno.h>

#include "imagetool/bundle/config.h"
#include "imagetool/bundle/edit.h"
#include "imagetool/bundle/key_values.h"
#include "libutil/parse.h"

/* What creel-shim reads. */
#define RESTART_ANNOTATION "org.creel.restart"

static int add_pair(struct spec_edit *ed, const char *option, const char *text, bool need_value,
		    bool may_order, struct err *e)
{
	const char *equals = strchr(text, '=');
	autofree char *key = xstrndup(text, equals ? (size_t)(equals - text) : strlen(text));

	if (!*key || (need_value && !equals))
		return err_set(e, EINVAL, "%s '%s': expected NAME=VALUE", option, text);
	if (!may_order && annotation_is_order(key))
		return err_set(
			e, EINVAL,
			"%s '%s': a runtime would obey it; give it as --annotation if you mean it",
			option, text);
	edit_set_pair(ed->a, &ed->spec->annotations, key, equals ? equals + 1 : "");
	return 0;
}

static int add_label_file(struct spec_edit *ed, const char *path, struct err *e)
{
	auto_(strv) struct strv lines = { 0 };
	int r = key_values_read(path, &lines, e);

	if (r < 0)
		return err_wrap(e, r, "--label-file");
	for (size_t i = 0; i < lines.n && r >= 0; i++)
		r = add_pair(ed, "--label-file", lines.v[i], false, false, e);
	return r;
}

/* The words of creel-shim's --restart. */
static bool is_policy(const char *text)
{
	uint32_t n;

	if (streq(text, "no") || streq(text, "always") || streq(text, "unless-stopped") ||
	    streq(text, "on-failure"))
		return true;
	return starts_with(text, "on-failure:") && parse_u32(text + strlen("on-failure:"), &n) == 0;
}

static int set_restart(struct spec_edit *ed, struct err *e)
{
	const char *text = ed->options->restart;

	if (!text)
		return 0;
	if (!is_policy(text))
		return err_set(
			e, EINVAL,
			"--restart '%s': expected no, on-failure[:N], always or unless-stopped",
			text);
	edit_set_pair(ed->a, &ed->spec->annotations, RESTART_ANNOTATION, text);
	return 0;
}

/* Files first, what was typed wins over them, annotations over labels. */
int edit_annotations(struct spec_edit *ed, struct err *e)
{
	const struct container_options *o = ed->options;
	int r = 0;

	for (size_t i = 0; i < o->label_files.n && r >= 0; i++)
		r = add_label_file(ed, o->label_files.v[i], e);
	for (size_t i = 0; i < o->labels.n && r >= 0; i++)
		r = add_pair(ed, "--label", o->labels.v[i], false, false, e);
	for (size_t i = 0; i < o->annotations.n && r >= 0; i++)
		r = add_pair(ed, "--annotation", o->annotations.v[i], true, true, e);
	return r < 0 ? r : set_restart(ed, e);
}
