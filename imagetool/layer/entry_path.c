/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/layer/entry_path.h"

#include <errno.h>
#include <string.h>

int entry_path_parse(const char *name, struct entry_path *ret, struct err *e)
{
	size_t len = 0;

	if (!*name)
		return err_set(e, EINVAL, "entry without a name");
	*ret = (struct entry_path){ 0 };
	for (const char *p = name; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return err_set(e, EINVAL, "entry '%.200s': '..' is not allowed in a layer",
				       name);
		if (n && !(n == 1 && *p == '.')) {
			if (len + n + 2 > sizeof(ret->text))
				return err_set(e, ENAMETOOLONG,
					       "entry '%.200s...': name is too long", name);
			ret->parent_len = len;
			if (len)
				ret->text[len++] = '/';
			ret->base = len;
			memcpy(ret->text + len, p, n);
			len += n;
		}
		p += n;
		p += strspn(p, "/");
	}
	ret->text[len] = '\0';
	ret->len = len;
	return 0;
}

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_LEN    (sizeof(WHITEOUT_PREFIX) - 1)

static bool is_prefixed(const char *component)
{
	return starts_with(component, WHITEOUT_PREFIX);
}

/* 1 when the directories on the way are AUFS's own. */
static int check_parents(const struct entry_path *p, struct err *e)
{
	const char *at = p->text;

	while (at < p->text + p->base) {
		if (starts_with(at, WHITEOUT_PREFIX WHITEOUT_PREFIX))
			return 1;
		if (is_prefixed(at))
			return err_set(e, EINVAL, "entry '%.200s': a whiteout has no children",
				       p->text);
		at = strchr(at, '/') + 1;
	}
	return 0;
}

int whiteout_parse(const struct entry_path *p, enum whiteout *ret, struct err *e)
{
	const char *base = entry_path_base(p), *hidden = base + WHITEOUT_LEN;
	int r = check_parents(p, e);

	if (r < 0)
		return r;
	if (r > 0)
		*ret = WHITEOUT_AUFS;
	else if (!is_prefixed(base))
		*ret = WHITEOUT_NONE;
	else if (streq(base, WHITEOUT_PREFIX WHITEOUT_PREFIX ".opq"))
		*ret = WHITEOUT_OPAQUE;
	else if (is_prefixed(hidden))
		*ret = WHITEOUT_AUFS;
	else if (!*hidden || streq(hidden, ".") || streq(hidden, ".."))
		return err_set(e, EINVAL, "entry '%.200s': a whiteout of no name", p->text);
	else
		*ret = WHITEOUT_REMOVE;
	return 0;
}

const char *whiteout_target(const struct entry_path *p)
{
	return entry_path_base(p) + WHITEOUT_LEN;
}
