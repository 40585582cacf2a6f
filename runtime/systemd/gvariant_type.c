/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/systemd/gvariant_type.h"

#include <errno.h>

static const char *type_end(const char *type, int depth)
{
	if (depth == GVARIANT_DEPTH || *type == '\0')
		return NULL;
	if (strchr("bynqiuxtdsog", *type))
		return type + 1;
	if (*type == 'a')
		return type_end(type + 1, depth + 1);
	if (*type != '(' || type[1] == ')')
		return NULL;
	for (type++; type && *type != ')';)
		type = type_end(type, depth + 1);
	return type ? type + 1 : NULL;
}

const char *gvariant_type_end(const char *type)
{
	return type_end(type, 0);
}

/* What both letters allow; '\0': nothing. */
static char unify(char one, char other)
{
	if (one == other)
		return one;
	if (one == '#' && strchr("ynqiuxtd", other))
		return other;
	if (one == 'S' && strchr("sog", other))
		return other;
	return '\0';
}

const char *gvariant_type_unify(struct arena *a, const char *one, const char *other)
{
	size_t len = strlen(one);
	char *both;

	if (len != strlen(other))
		return NULL;
	both = arena_strndup(a, one, len);
	for (size_t i = 0; i < len; i++) {
		both[i] = unify(one[i], other[i]);
		if (both[i] == '\0')
			both[i] = unify(other[i], one[i]);
		if (both[i] == '\0')
			return NULL;
	}
	return both;
}

int gvariant_type_settle(char *type)
{
	for (; *type; type++) {
		if (*type == '*')
			return -EINVAL;
		if (*type == '#')
			*type = 'i';
		if (*type == 'S')
			*type = 's';
	}
	return 0;
}
