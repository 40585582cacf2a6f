/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as the list knows them: symlinks are followed here, never by the kernel. */
#include <errno.h>

#include "imagetool/context/internal.h"
#include "libutil/path.h"
#include "libutil/strbuf.h"

/* As the kernel's. */
#define LINKS_MAX 40

/* SIZE_MAX: none. */
static size_t look_up(const struct context *c, const char *path)
{
	size_t from = 0, to = c->list.n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int order = walk_order(path, c->list.files[mid]->path);

		if (order == 0)
			return mid;
		if (order < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return SIZE_MAX;
}

/* A path that is being followed. */
struct way {
	const struct context *context;
	struct strbuf at; /* so far, clean */
	char *rest;       /* owned */
	const char *next; /* in it */
	unsigned links;
	bool follow; /* also the last component */
};

static void step_up(struct strbuf *at)
{
	while (at->len > 0 && at->data[at->len - 1] != '/')
		strbuf_truncate(at, at->len - 1);
	if (at->len > 0)
		strbuf_truncate(at, at->len - 1);
}

static int follow_link(struct way *w, const char *link, struct err *e)
{
	char *rest;

	if (++w->links > LINKS_MAX)
		return err_set(e, ELOOP, "too many levels of symbolic links");
	rest = xasprintf("%s/%s", link, w->next);
	free(w->rest);
	w->rest = rest;
	w->next = rest;
	if (link[0] == '/')
		strbuf_truncate(&w->at, 0);
	else
		step_up(&w->at);
	return 0;
}

static int step_down(struct way *w, const char *name, size_t len, struct err *e)
{
	const struct context_file *f;
	size_t i;

	if (w->at.len > 0)
		strbuf_addc(&w->at, '/');
	strbuf_add(&w->at, name, len);
	i = look_up(w->context, strbuf_str(&w->at));
	if (i == SIZE_MAX)
		return err_set(e, ENOENT, "no such file or directory");
	f = w->context->list.files[i];
	if (S_ISLNK(f->mode) && (*w->next || w->follow))
		return follow_link(w, f->link, e);
	if (*w->next && !S_ISDIR(f->mode))
		return err_set(e, ENOTDIR, "'%s' is not a directory", f->path);
	return 0;
}

static int step(struct way *w, struct err *e)
{
	const char *name = w->next;
	size_t len = strcspn(name, "/");

	w->next += len;
	w->next += strspn(w->next, "/");
	if (len == 0 || (len == 1 && name[0] == '.'))
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		step_up(&w->at);
		return 0;
	}
	return step_down(w, name, len, e);
}

static int not_found(const struct context *c, const char *path, const struct err *why,
		     struct err *e)
{
	if (why->code == ENOENT && ignore_excludes(&c->ignore, path))
		return err_set(e, ENOENT,
			       "'%s' is not in the build context: .dockerignore leaves it out",
			       path);
	return err_set(e, why->code, "'%s' in the build context: %s", path, why->msg);
}

int context_find(const struct context *c, const char *path, bool follow, size_t *ret, struct err *e)
{
	autofree char *rooted = path_join("/", path);
	autofree char *clean = path_clean(rooted);
	struct way w = { .context = c, .rest = xstrdup(clean + 1), .follow = follow };
	struct err why = { 0 };
	int r = 0;

	w.next = w.rest;
	while (*w.next && r >= 0)
		r = step(&w, &why);
	if (r >= 0)
		*ret = look_up(c, strbuf_str(&w.at));
	else
		r = not_found(c, clean + 1, &why, e);
	free(w.rest);
	strbuf_done(&w.at);
	return r;
}
