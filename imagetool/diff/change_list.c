/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/change_list.h"

#include <errno.h>
#include <string.h>

#include "imagetool/diff/dirty.h"
#include "libutil/path.h"

#define HERE '+'
#define GONE '-'

void change_list_encode(const struct changes *c, struct strbuf *out)
{
	for (size_t i = 0; i < c->n; i++) {
		strbuf_addc(out, c->items[i].kind == CHANGE_DELETED ? GONE : HERE);
		ftree_path(c->items[i].node, out);
		strbuf_addc(out, '\0');
	}
}

static int missing(const char *path, struct err *e)
{
	return err_set(e, EBADMSG, "'/%.200s' is not what was noted of it: prune the build's cache",
		       path);
}

static int add_gone(const char *path, struct ftree *t, struct changes *ret, struct err *e)
{
	const char *name = path_base(path);
	size_t len = name > path ? (size_t)(name - path) - 1 : 0;
	struct node *dir = ftree_lookup(t, path, len, false), *n;
	int r;

	if (!dir || !*name || ftree_child(t, dir, name, strlen(name)))
		return missing(path, e);
	r = dirty_add_whiteout(t, dir, name, &n, e);
	if (r >= 0)
		changes_add(ret, CHANGE_DELETED, n);
	return r;
}

static int add_here(const char *path, struct ftree *t, struct changes *ret, struct err *e)
{
	struct node *n = ftree_lookup(t, path, strlen(path), false);

	if (!n)
		return missing(path, e);
	changes_add(ret, CHANGE_MODIFIED, n);
	return 0;
}

int change_list_decode(const char *text, size_t len, struct ftree *t, struct changes *ret,
		       struct err *e)
{
	int r = 0;

	if (len && text[len - 1] != '\0')
		return missing("", e);
	for (const char *at = text; at < text + len && r >= 0; at += strlen(at) + 1) {
		if (at[0] != HERE && at[0] != GONE)
			return missing(at, e);
		r = at[0] == GONE ? add_gone(at + 1, t, ret, e) : add_here(at + 1, t, ret, e);
	}
	return r;
}
