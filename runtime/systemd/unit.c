/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/systemd/unit.h"

#include <errno.h>

#include "libutil/strbuf.h"

#define SLICE ".slice"
#define SCOPE ".scope"
#define PATH  "config.json: linux.cgroupsPath: "

static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				 ":-_.\\@";

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && streq(text + len - n, end);
}

static bool is_unit_name(const char *name)
{
	size_t len = strlen(name);

	return len <= UNIT_NAME_MAX && strspn(name, name_chars) == len && name[0] != '.' &&
	       name[0] != '@';
}

bool unit_is_scope(const char *name)
{
	return is_unit_name(name) && ends_with(name, SCOPE);
}

/* Each dash is a step down, so that no component may be empty. */
static bool is_slice(const char *name)
{
	size_t len = strlen(name) - strlen(SLICE);

	if (streq(name, "-" SLICE))
		return true;
	return name[0] != '-' && name[len - 1] != '-' && !strstr(name, "--");
}

char *unit_slice_path(const char *slice)
{
	struct strbuf out = { 0 };

	if (!is_unit_name(slice) || !ends_with(slice, SLICE) || !is_slice(slice))
		return NULL;
	if (streq(slice, "-" SLICE))
		return xstrdup("/");
	for (const char *at = strchr(slice, '-'); at; at = strchr(at + 1, '-')) {
		strbuf_addc(&out, '/');
		strbuf_add(&out, slice, (size_t)(at - slice));
		strbuf_adds(&out, SLICE);
	}
	strbuf_addf(&out, "/%s", slice);
	return strbuf_steal(&out);
}

/* An id may have a '+', which a unit's name may not: escaped as systemd-escape(1) does. */
static char *escape(struct arena *a, const char *id)
{
	auto_(strbuf) struct strbuf out = { 0 };

	for (; *id; id++) {
		if (*id == '+')
			strbuf_addf(&out, "\\x%02x", (unsigned)*id);
		else
			strbuf_addc(&out, *id);
	}
	return arena_strdup(a, strbuf_str(&out));
}

static int check_scope(const char *scope, const char *path, struct err *e)
{
	if (strlen(scope) > UNIT_NAME_MAX)
		return err_set(e, ENAMETOOLONG,
			       PATH "'%s': the unit's name would be longer than %d characters",
			       path, UNIT_NAME_MAX);
	if (!unit_is_scope(scope))
		return err_set(e, EINVAL,
			       PATH
			       "'%s': systemd takes no unit '%s': letters, digits and ':-_.\\@' "
			       "make its names",
			       path, scope);
	return 0;
}

static int default_place(const char *id, const char *slice, struct arena *a, struct unit_place *ret,
			 struct err *e)
{
	char *scope = arena_printf(a, "creel-%s" SCOPE, escape(a, id));

	if (!unit_is_scope(scope))
		return err_set(e, EINVAL,
			       "'%s' can't become the name of a systemd scope: set "
			       "linux.cgroupsPath to 'slice:prefix:name'",
			       id);
	*ret = (struct unit_place){ .slice = slice, .scope = scope };
	return 0;
}

int unit_place(const char *cgroups_path, const char *id, const char *default_slice, struct arena *a,
	       struct unit_place *ret, struct err *e)
{
	const char *colon = cgroups_path ? strchr(cgroups_path, ':') : NULL;
	const char *second = colon ? strchr(colon + 1, ':') : NULL;
	const char *slice, *prefix, *name, *scope;
	autofree char *where = NULL;
	int r;

	if (!cgroups_path || !*cgroups_path)
		return default_place(id, default_slice, a, ret, e);
	if (!second || strchr(second + 1, ':') || second[1] == '\0')
		return err_set(e, EINVAL,
			       PATH "'%s' is not 'slice:prefix:name', which the systemd driver "
				    "needs (--cgroup-manager=cgroupfs takes paths)",
			       cgroups_path);
	slice = arena_strndup(a, cgroups_path, (size_t)(colon - cgroups_path));
	prefix = arena_strndup(a, colon + 1, (size_t)(second - colon - 1));
	name = second + 1;
	if (*slice == '\0')
		slice = default_slice;
	where = unit_slice_path(slice);
	if (!where)
		return err_set(e, EINVAL,
			       PATH "'%s' is not the name of a slice, like 'machine.slice' or "
				    "'a-b.slice' (b inside a)",
			       slice);
	if (ends_with(name, SLICE))
		return err_set(e, EINVAL,
			       PATH "'%s': a slice holds units, a container needs a scope in it",
			       cgroups_path);
	scope = arena_printf(a, "%s%s%s" SCOPE, prefix, *prefix ? "-" : "", name);
	r = check_scope(scope, cgroups_path, e);
	if (r == 0)
		*ret = (struct unit_place){ .slice = slice, .scope = scope };
	return r;
}
