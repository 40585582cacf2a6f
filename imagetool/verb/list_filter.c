/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fnmatch.h>

#include "imagetool/errors.h"
#include "imagetool/verb/list_rows.h"
#include "libutil/parse.h"

void list_filters_done(struct list_filters *f)
{
	strv_done(&f->references);
	strv_done(&f->labels);
}

bool list_filters_shallow(const struct list_filters *f)
{
	return !f->labels.n && !f->before && !f->since;
}

int list_filter_parse(struct list_filters *f, const char *text, struct err *e)
{
	const char *value = strchr(text, '=');

	if (!value)
		return err_set(e, IMAGE_EUSAGE, "--filter: '%s' is not NAME=VALUE", text);
	value++;
	if (starts_with(text, "reference="))
		strv_add(&f->references, value);
	else if (starts_with(text, "label="))
		strv_add(&f->labels, value);
	else if (starts_with(text, "before="))
		f->before = value;
	else if (starts_with(text, "since=") || starts_with(text, "after="))
		f->since = value;
	else if (starts_with(text, "dangling=") && parse_bool(value, &f->dangling) >= 0)
		f->dangling_set = true;
	else
		return err_set(e, IMAGE_EUSAGE,
			       "--filter: '%s' is not known: reference=PATTERN, label=KEY[=VALUE], "
			       "before=IMAGE, since=IMAGE and dangling=BOOL are",
			       text);
	return 0;
}

/* ---- References: a glob over the full name or what docker prints, with or without the tag ---- */

static bool matches(const char *pattern, const struct image_reference *ref)
{
	struct image_reference untagged = { ref->registry, ref->repository, NULL, NULL };
	autofree char *full = reference_text(ref), *familiar = reference_familiar(ref);
	autofree char *bare = reference_text(&untagged),
		      *short_bare = reference_familiar(&untagged);
	const char *const forms[] = { full, familiar, bare, short_bare };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (fnmatch(pattern, forms[i], FNM_PATHNAME) == 0)
			return true;
	return false;
}

static bool has_reference(const struct list_row *row, const struct strv *patterns)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	bool parsed = row->name[0] && reference_parse(row->name, &ref, NULL) >= 0;

	for (size_t i = 0; i < patterns->n; i++)
		if (parsed ? matches(patterns->v[i], &ref)
			   : fnmatch(patterns->v[i], row->name, FNM_PATHNAME) == 0)
			return true;
	return patterns->n == 0;
}

/* ---- Labels ---- */

static bool has_label(const struct oci_strmap *labels, const char *wanted)
{
	const char *equals = strchr(wanted, '=');
	size_t len = equals ? (size_t)(equals - wanted) : strlen(wanted);

	for (size_t i = 0; i < labels->n; i++)
		if (strlen(labels->items[i].key) == len &&
		    memcmp(labels->items[i].key, wanted, len) == 0)
			return !equals || streq(labels->items[i].value, equals + 1);
	return false;
}

static bool has_labels(const struct list_row *row, const struct strv *wanted)
{
	const struct image_config *config = row->image.config;
	static const struct oci_strmap none;
	const struct oci_strmap *labels =
		config && config->config ? &config->config->labels : &none;

	for (size_t i = 0; i < wanted->n; i++)
		if (!has_label(labels, wanted->v[i]))
			return false;
	return true;
}

/* ---- Times ---- */

static int time_of_image(const struct store *s, const char *name, struct timespec *ret,
			 struct err *e)
{
	auto_(image) struct image img = { 0 };
	int r = image_load(s, name, NULL, &img, e);

	if (r < 0)
		return r;
	if (!img.config || !img.config->created || parse_time(img.config->created, ret) < 0)
		return err_set(e, EINVAL, "image '%s' does not say when it was made", name);
	return 0;
}

/* Negative, 0 or positive: older, as old, younger; images without a time are older. */
static int age(const struct list_row *row, const struct timespec *than)
{
	struct timespec t = { 0 };

	if (!row->created || parse_time(row->created, &t) < 0)
		return -1;
	if (t.tv_sec != than->tv_sec)
		return t.tv_sec < than->tv_sec ? -1 : 1;
	return t.tv_nsec == than->tv_nsec ? 0 : t.tv_nsec < than->tv_nsec ? -1 : 1;
}

int list_filter(const struct store *s, struct list_rows *rows, const struct list_filters *f,
		struct err *e)
{
	struct timespec before = { 0 }, since = { 0 };
	size_t kept = 0;
	int r = f->before ? time_of_image(s, f->before, &before, e) : 0;

	if (r >= 0 && f->since)
		r = time_of_image(s, f->since, &since, e);
	if (r < 0)
		return err_wrap(e, r, "--filter");
	for (size_t i = 0; i < rows->n; i++) {
		struct list_row *row = &rows->items[i];

		if (has_reference(row, &f->references) && has_labels(row, &f->labels) &&
		    (!f->dangling_set || f->dangling == !row->name[0]) &&
		    (!f->before || age(row, &before) < 0) && (!f->since || age(row, &since) > 0)) {
			struct list_row passed = *row;

			*row = rows->items[kept];
			rows->items[kept++] = passed;
		}
	}
	for (size_t i = kept; i < rows->n; i++)
		image_done(&rows->items[i].image);
	rows->n = kept;
	return 0;
}
