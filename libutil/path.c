/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/path.h"

#include <stdlib.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"

char *path_join(const char *a, const char *b)
{
	size_t len = strlen(a);

	if (!*a)
		return xstrdup(b);
	while (*b == '/')
		b++;
	while (len && a[len - 1] == '/')
		len--;
	if (!*b)
		return len ? xstrndup(a, len) : xstrdup("/");
	return xasprintf("%.*s/%s", (int)len, a, b);
}

/* What path_clean() has written so far: `floor` is where ".." can take nothing more away. */
struct cleaned {
	char *text;
	size_t len, floor;
};

static void push(struct cleaned *c, const char *name, size_t len)
{
	if (c->len && c->text[c->len - 1] != '/')
		c->text[c->len++] = '/';
	memcpy(c->text + c->len, name, len);
	c->len += len;
}

static void pop(struct cleaned *c, bool absolute)
{
	if (c->len > c->floor) {
		while (c->len > c->floor && c->text[c->len - 1] != '/')
			c->len--;
		if (c->len > c->floor)
			c->len--;
		return;
	}
	if (absolute)
		return;
	push(c, "..", 2);
	c->floor = c->len;
}

char *path_clean(const char *path)
{
	bool absolute = path_is_absolute(path);
	struct cleaned c = { .text = xcalloc(strlen(path) + 2, 1) };

	if (absolute) {
		c.text[0] = '/';
		c.len = c.floor = 1;
	}
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			pop(&c, absolute);
		else if (len && !(len == 1 && path[0] == '.'))
			push(&c, path, len);
		path += len + (path[len] == '/');
	}
	if (!c.len)
		c.text[c.len++] = '.';
	c.text[c.len] = '\0';
	return c.text;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_parent(const char *path)
{
	size_t len = (size_t)(path_base(path) - path);

	if (!len)
		return xstrdup(".");
	while (len && path[len - 1] == '/')
		len--;
	return len ? xstrndup(path, len) : xstrdup("/");
}

bool path_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (streq(dir, "."))
		return !path_is_absolute(path) && !streq(path, "..") && !starts_with(path, "../");
	if (streq(dir, "/"))
		return path_is_absolute(path);
	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

bool path_has_dotdot(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += len + (path[len] == '/');
	}
	return false;
}

char *path_absolute(const char *path)
{
	autofree char *cwd = NULL;
	autofree char *joined = NULL;

	if (path_is_absolute(path))
		return path_clean(path);
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return path_clean(path);
	joined = path_join(cwd, path);
	return path_clean(joined);
}
