/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of COPY: which files a path with wildcards names. */
#include <errno.h>

#include "imagetool/context/internal.h"
#include "imagetool/context/wildcard.h"
#include "libutil/path.h"

struct matching {
	const struct context *context;
	struct arena *arena;
	struct context_match *items;
	size_t n, cap;
};

static void add(struct matching *m, const char *name, size_t index)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 8;
		m->items = arena_grow(m->arena, m->items, m->n, m->cap, sizeof(*m->items));
	}
	m->items[m->n++] = (struct context_match){ .name = name, .index = index };
}

/* The path as it stands. */
static int match_plain(struct matching *m, const char *path, struct err *e)
{
	size_t index;
	int r = context_find(m->context, path, true, &index, e);

	if (r < 0)
		return r;
	add(m, arena_strdup(m->arena, path), index);
	return 0;
}

/* A match that is a link to nothing is an error, as if it had been named. */
static int match_one(struct matching *m, const struct context_file *f, size_t index, struct err *e)
{
	int r = S_ISLNK(f->mode) ? context_find(m->context, f->path, true, &index, e) : 0;

	if (r >= 0)
		add(m, f->path, index);
	return r;
}

/* Everything below `base` whose path from there fits; what is below a match comes with it. */
static int match_below(struct matching *m, size_t base, const struct pattern *p, struct err *e)
{
	struct context_file *const *files = m->context->list.files;
	size_t skip = strlen(files[base]->path);
	int r = 0;

	skip += skip > 0;
	for (size_t i = base + 1; i < files[base]->end && r >= 0;) {
		const char *path = files[i]->path + skip;

		if (pattern_match(p, path, strlen(path))) {
			r = match_one(m, files[i], i, e);
			i = files[i]->end;
		} else {
			i++;
		}
	}
	return r;
}

static int match_wild(struct matching *m, const char *path, size_t plain, struct err *e)
{
	autofree char *base = xstrndup(path, plain);
	auto_(arena) struct arena compiled = { 0 };
	struct pattern *p;
	size_t index;
	int r;

	r = wildcard_compile(path + plain, &compiled, &p, NULL, e);
	if (r < 0)
		return r;
	r = context_find(m->context, base, true, &index, e);
	/* Nothing can be below what is not there. */
	if (r == -ENOENT || r == -ENOTDIR) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : match_below(m, index, p, e);
}

int context_match(const struct context *c, const char *source, struct arena *a,
		  struct context_match **ret, size_t *ret_n, struct err *e)
{
	autofree char *rooted = path_join("/", source);
	autofree char *clean = path_clean(rooted);
	struct matching m = { .context = c, .arena = a };
	const char *path = clean + 1;
	size_t plain = wildcard_plain_part(path);
	int r = path[plain] ? match_wild(&m, path, plain, e) : match_plain(&m, path, e);

	if (r < 0)
		return r;
	*ret = m.items;
	*ret_n = m.n;
	return 0;
}
