/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/hosts/toml_want.h"

#include <errno.h>

int toml_wrong(const struct toml *v, const char *wanted, struct err *e)
{
	return err_set(e, EINVAL, "line %d: '%.100s' is to be %s, not %s", v->line, v->key, wanted,
		       toml_kind_text(v->kind));
}

int toml_want(const struct toml *t, const char *key, enum toml_kind kind, const struct toml **ret,
	      struct err *e)
{
	const struct toml *v = toml_get(t, key);

	if (!v)
		return 0;
	if (v->kind != kind)
		return toml_wrong(v, toml_kind_text(kind), e);
	*ret = v;
	return 1;
}

int toml_want_string(const struct toml *t, const char *key, const char **ret, struct err *e)
{
	const struct toml *v = NULL;
	int r = toml_want(t, key, TOML_STRING, &v, e);

	if (r > 0 && v)
		*ret = v->string;
	return r;
}

int toml_want_bool(const struct toml *t, const char *key, bool *ret, struct err *e)
{
	const struct toml *v = NULL;
	int r = toml_want(t, key, TOML_BOOLEAN, &v, e);

	if (r > 0 && v)
		*ret = v->boolean;
	return r;
}

int toml_want_strings(const struct toml *t, const char *key, struct strv *ret, struct err *e)
{
	const struct toml *v = toml_get(t, key);

	if (!v)
		return 0;
	if (v->kind == TOML_STRING) {
		strv_add(ret, v->string);
		return 1;
	}
	if (v->kind != TOML_ARRAY)
		return toml_wrong(v, "a string or an array of them", e);
	for (const struct toml *item = v->first; item; item = item->next) {
		if (item->kind != TOML_STRING)
			return toml_wrong(v, "an array of strings", e);
		strv_add(ret, item->string);
	}
	return 1;
}
