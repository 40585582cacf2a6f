/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/run_device.h"

#include <errno.h>
#include <strings.h>

#include "libutil/csv.h"
#include "libutil/parse.h"
#include "libutil/strbuf.h"
#include "libutil/suggest.h"

static const char *const keys[] = { "name", "required" };

static bool has_key(const char *word, const char *key)
{
	size_t len = strlen(key);

	return strncasecmp(word, key, len) == 0 && (word[len] == '=' || !word[len]);
}

static int set_name(const char *name, struct arena *a, struct run_device *ret, struct err *e)
{
	if (ret->name)
		return err_set(e, EINVAL, "device name already set to %.100s", ret->name);
	ret->name = arena_strdup(a, name);
	return 0;
}

static int set_required(const char *word, struct run_device *ret, struct err *e)
{
	const char *equals = strchr(word, '=');

	ret->required = true;
	if (equals && parse_bool(equals + 1, &ret->required) < 0)
		return err_set(e, EINVAL, "invalid value for required: %.80s", equals + 1);
	return 0;
}

static int unexpected(const char *word, struct err *e)
{
	autofree char *key = xstrndup(word, strcspn(word, "="));
	struct suggest s = { .typed = key };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		suggest_try(&s, keys[i]);
	if (!strchr(word, '='))
		return err_set(e, EINVAL, "invalid field '%.80s' must be a key=value pair", word);
	return err_set(e, EINVAL, "unexpected key '%.80s' in '%.80s'%s%s%s", key, word,
		       s.best ? " (did you mean " : "", s.best ? s.best : "", s.best ? "?)" : "");
}

/* A name has '=' in it, too: the first word that is no key is one. */
static int take_word(const char *word, struct arena *a, struct run_device *ret, struct err *e)
{
	if (has_key(word, "required"))
		return set_required(word, ret, e);
	if (has_key(word, "name") && strchr(word, '='))
		return set_name(strchr(word, '=') + 1, a, ret, e);
	return ret->name ? unexpected(word, e) : set_name(word, a, ret, e);
}

int run_device_parse(const char *text, struct arena *a, struct run_device *ret, struct err *e)
{
	auto_(strbuf) struct strbuf word = { 0 };
	struct run_device d = { 0 };
	int r = 0;

	for (const char *at = text; *at && r >= 0;) {
		if (!csv_next(&at, &word))
			return err_set(e, EINVAL, "quotes that are not closed");
		r = take_word(strbuf_str(&word), a, &d, e);
	}
	if (r >= 0 && (!d.name || !*d.name))
		r = err_set(e, EINVAL, "a device's name is missing");
	if (r >= 0)
		*ret = d;
	return r;
}
