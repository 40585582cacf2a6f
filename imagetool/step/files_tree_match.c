/* SPDX-License-Identifier: Apache-2.0 */
/* Wildcards in sources of another state: Go's filepath.Match, as context/match.c has it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "imagetool/context/wildcard.h"
#include "imagetool/interrupt.h"
#include "imagetool/step/files_walk.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/path.h"

#define MATCHES_MAX ((size_t)1 << 20)

struct matching {
	int rootfd;
	struct arena *arena;
	const struct pattern *pattern;
	size_t depth;       /* components that the pattern has */
	struct strbuf path; /* below the directory where the pattern begins */
	const char *base;   /* that directory */
	struct files_match *items;
	size_t n, cap;
};

static int by_name(const void *a, const void *b)
{
	const struct files_match *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Links at its end are followed: they decide what it is. */
static int add(struct matching *m, const char *path, struct err *e)
{
	autofd int fd = beneath_open(m->rootfd, *path ? path : ".", O_PATH, 0, BENEATH_CHROOT, e);
	struct stat st;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return err_set(e, ENOENT, "'/%.300s': not found", path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '/%.300s'", path);
	if (m->n == MATCHES_MAX)
		return err_set(e, E2BIG, "more than %zu files fit the wildcards", MATCHES_MAX);
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 8;
		m->items = arena_grow(m->arena, m->items, m->n, m->cap, sizeof(*m->items));
	}
	m->items[m->n++] = (struct files_match){ .name = arena_strdup(m->arena, path),
						 .is_dir = S_ISDIR(st.st_mode) };
	return 0;
}

static int match_in(struct matching *m, int dirfd, size_t depth, struct err *e);

struct level {
	struct matching *m;
	size_t depth;
};

static int match_name(int dirfd, const char *name, unsigned char type, void *ctx, struct err *e)
{
	const struct level *level = ctx;
	struct matching *m = level->m;
	size_t len = m->path.len;
	int r = 0;

	if (len > 0)
		strbuf_addc(&m->path, '/');
	strbuf_adds(&m->path, name);
	if (pattern_match(m->pattern, strbuf_str(&m->path), m->path.len)) {
		autofree char *path = path_join(m->base, strbuf_str(&m->path));

		r = add(m, *m->base ? path : strbuf_str(&m->path), e);
	} else if (level->depth < m->depth && (type == DT_DIR || type == DT_UNKNOWN)) {
		autofd int fd =
			openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0)
			r = match_in(m, fd, level->depth + 1, e);
		else if (errno != ENOTDIR && errno != ELOOP && errno != ENOENT)
			r = err_sys(e, "open '%.200s'", strbuf_str(&m->path));
	}
	strbuf_truncate(&m->path, len);
	return r;
}

static int match_in(struct matching *m, int dirfd, size_t depth, struct err *e)
{
	struct level level = { m, depth };
	int r = interrupt_check(e);

	return r < 0 ? r : dir_each(dirfd, match_name, &level, e);
}

static int match_wild(struct matching *m, const char *path, size_t plain, struct err *e)
{
	autofree char *base = xstrndup(path, plain > 0 ? plain - 1 : 0);
	auto_(arena) struct arena compiled = { 0 };
	struct pattern *pattern;
	autofd int fd = -1;
	int r;

	r = wildcard_compile(path + plain, &compiled, &pattern, &m->depth, e);
	if (r < 0)
		return r;
	m->pattern = pattern;
	m->base = base;
	fd = beneath_open(m->rootfd, *base ? base : ".", O_RDONLY | O_DIRECTORY, 0, BENEATH_CHROOT,
			  e);
	/* Nothing can be below what is not there. */
	if (fd == -ENOENT || fd == -ENOTDIR) {
		err_clear(e);
		return 0;
	}
	r = fd < 0 ? fd : match_in(m, fd, 1, e);
	strbuf_done(&m->path);
	if (m->n > 1)
		qsort(m->items, m->n, sizeof(*m->items), by_name);
	return r;
}

int files_tree_match(int rootfd, const char *source, bool plain, struct arena *a,
		     struct files_match **ret, size_t *ret_n, struct err *e)
{
	autofree char *rooted = path_join("/", source);
	autofree char *clean = path_clean(rooted);
	struct matching m = { .rootfd = rootfd, .arena = a };
	size_t end = plain ? strlen(clean + 1) : wildcard_plain_part(clean + 1);
	int r = clean[1 + end] ? match_wild(&m, clean + 1, end, e) : add(&m, clean + 1, e);

	if (r < 0)
		return r;
	*ret = m.items;
	*ret_n = m.n;
	return 0;
}
