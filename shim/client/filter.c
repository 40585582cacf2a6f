/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/filter.h"

#include <errno.h>

#include "libutil/parse.h"

static int check_any(const char *value UNUSED)
{
	return 0;
}

static int check_status(const char *value)
{
	for (int s = ENTRY_CREATING; s <= ENTRY_LOST; s++)
		if (streq(value, entry_status_text((enum entry_status)s)))
			return 0;
	return -EINVAL;
}

static int check_code(const char *value)
{
	int code;

	return parse_int(value, &code);
}

static bool fits_id(const struct entry *en, const char *value)
{
	return strstr(en->id, value) != NULL;
}

static bool fits_status(const struct entry *en, const char *value)
{
	return streq(entry_status_text(en->status), value);
}

static bool fits_code(const struct entry *en, const char *value)
{
	int code;

	return en->exit && parse_int(value, &code) >= 0 && en->exit->code.v == code;
}

static const struct key {
	const char *name; /* with its "=" */
	int (*check)(const char *value);
	bool (*fits)(const struct entry *en, const char *value);
} keys[] = {
	{ "id=", check_any, fits_id },
	{ "status=", check_status, fits_status },
	{ "exited=", check_code, fits_code },
};

static const struct key *key_of(const char *filter)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (starts_with(filter, keys[i].name))
			return &keys[i];
	return NULL;
}

int filter_check(const struct strv *filters, struct err *e)
{
	for (size_t i = 0; i < filters->n; i++) {
		const struct key *key = key_of(filters->v[i]);

		if (!key || key->check(filters->v[i] + strlen(key->name)) < 0)
			return err_set(e, EINVAL,
				       "filter '%s': not id=TEXT, exited=CODE, or status= with "
				       "creating, running, restarting, exited, lost",
				       filters->v[i]);
	}
	return 0;
}

/* Is there none of this key, or one that fits? */
static bool fits_key(const struct strv *filters, const struct entry *en, const struct key *key)
{
	bool asked = false;

	for (size_t i = 0; i < filters->n; i++) {
		if (key_of(filters->v[i]) != key)
			continue;
		if (key->fits(en, filters->v[i] + strlen(key->name)))
			return true;
		asked = true;
	}
	return !asked;
}

bool filter_fits(const struct strv *filters, const struct entry *en)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!fits_key(filters, en, &keys[i]))
			return false;
	return true;
}
