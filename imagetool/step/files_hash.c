/* SPDX-License-Identifier: Apache-2.0 */
/* What a COPY would take, as one hash: the same walk, and nothing is written. */
#include <errno.h>

#include "imagetool/context/hash_xattrs.h"
#include "imagetool/diff/content_hash.h"
#include "imagetool/step/files.h"
#include "imagetool/step/files_plan.h"
#include "libutil/digest.h"
#include "libutil/path.h"

/* Directories that lead to what is taken, and are not wanted themselves, count when something below
 * them does: they are held back until then. */
struct level {
	struct files_entry entry;
	bool told;
	size_t path_len;
};

struct hashing {
	struct digest *digest; /* owned */
	const struct files_attrs *attrs;
	const struct step_tree *tree;
	struct strbuf path;
	struct level *levels; /* owned */
	size_t n, cap;
	struct links links; /* which name stands for an inode */
	/* Regular files of a context: their hashes are the context's to know. */
	struct context_match *files; /* owned */
	size_t n_files, cap_files;
	struct arena arena;
};

static void hashing_done(struct hashing *h)
{
	digest_free(h->digest);
	strbuf_done(&h->path);
	free(h->levels);
	links_done(&h->links);
	free(h->files);
	arena_done(&h->arena);
}
AUTO_DEFINE_DONE(hashing, hashing_done)

struct facts {
	uint32_t mode, uid, gid, pad;
	uint64_t rdev, path_len, link_len;
};

/* An owner or mode that is replaced does not end in the result. */
static uint32_t mode_of(const struct hashing *h, const struct files_entry *en)
{
	if (S_ISLNK(en->mode))
		return S_IFLNK;
	if (h->attrs->has_mode)
		return (en->mode & S_IFMT) | mode_set_apply(&h->attrs->mode, en->mode);
	return en->mode;
}

static void add_facts(struct hashing *h, const struct files_entry *en, const char *path)
{
	const bool device = S_ISCHR(en->mode) || S_ISBLK(en->mode);
	const char *link = S_ISLNK(en->mode) ? en->link : "";
	const struct facts facts = {
		.mode = mode_of(h, en),
		.uid = h->attrs->has_owner ? h->attrs->uid : en->uid,
		.gid = h->attrs->has_owner ? h->attrs->gid : en->gid,
		.rdev = device ? (uint64_t)en->rdev : 0,
		.path_len = strlen(path),
		.link_len = strlen(link),
	};

	digest_update(h->digest, &facts, sizeof(facts));
	digest_update(h->digest, path, facts.path_len);
	digest_update(h->digest, link, facts.link_len);
}

/* ---- The way down ---- */

static void tell_levels(struct hashing *h)
{
	for (size_t i = 0; i < h->n; i++) {
		autofree char *path = NULL;

		if (h->levels[i].told)
			continue;
		path = xstrndup(strbuf_str(&h->path), h->levels[i].path_len);
		add_facts(h, &h->levels[i].entry, path);
		h->levels[i].told = true;
	}
}

static int hash_enter(void *ctx, const struct files_entry *en, const struct files_at *at,
		      struct err *e)
{
	struct hashing *h = ctx;
	uint8_t xattrs[CONTEXT_HASH_SIZE] = { 0 };
	int r = 0;

	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 16;
		h->levels = xreallocarray(h->levels, h->cap, sizeof(*h->levels));
	}
	if (h->path.len > 0)
		strbuf_addc(&h->path, '/');
	strbuf_adds(&h->path, en->name);
	h->levels[h->n++] = (struct level){ .entry = *en, .path_len = h->path.len };
	if (!at->wanted)
		return 0;
	tell_levels(h);
	if (!at->context) {
		r = hash_xattrs(at->fd, xattrs, e);
		digest_update(h->digest, xattrs, sizeof(xattrs));
	}
	return r;
}

static int hash_leave(void *ctx, struct err *e UNUSED)
{
	struct hashing *h = ctx;
	size_t len;

	h->n--;
	len = h->n > 0 ? h->levels[h->n - 1].path_len : 0;
	strbuf_truncate(&h->path, len);
	return 0;
}

/* ---- Files ---- */

static char *path_of(const struct hashing *h, const char *name)
{
	return xasprintf("%s%s%s", strbuf_str(&h->path), h->path.len > 0 ? "/" : "", name);
}

static void keep_for_context(struct hashing *h, const char *path, size_t index)
{
	if (h->n_files == h->cap_files) {
		h->cap_files = h->cap_files ? 2 * h->cap_files : 64;
		h->files = xreallocarray(h->files, h->cap_files, sizeof(*h->files));
	}
	h->files[h->n_files++] = (struct context_match){
		.name = arena_strdup(&h->arena, path),
		.index = index,
	};
}

static int hash_content(struct hashing *h, const struct files_at *at, struct err *e)
{
	uint8_t hash[CONTEXT_HASH_SIZE];
	autofd int fd = files_open(at, e);
	int r = fd < 0 ? fd : content_hash_fd(fd, hash, e);

	if (r >= 0)
		r = hash_xattrs(fd, hash, e);
	if (r < 0)
		return err_wrap(e, r, "'%.200s'", at->name);
	digest_update(h->digest, hash, sizeof(hash));
	return 0;
}

static int hash_file(void *ctx, const struct files_entry *en, const struct files_at *at,
		     struct err *e)
{
	struct hashing *h = ctx;
	autofree char *path = path_of(h, en->name);
	const char *first;

	tell_levels(h);
	if (at->context) {
		add_facts(h, en, path);
		keep_for_context(h, path, at->index);
		return 0;
	}
	add_facts(h, en, path);
	if (!en->may_be_linked)
		return hash_content(h, at, e);
	first = links_find(&h->links, en->dev, en->ino);
	if (first) {
		digest_update(h->digest, first, strlen(first) + 1);
		return 0;
	}
	links_add(&h->links, en->dev, en->ino, steal_ptr(&path));
	return hash_content(h, at, e);
}

static int hash_node(void *ctx, const struct files_entry *en, const struct files_at *at UNUSED,
		     struct err *e UNUSED)
{
	struct hashing *h = ctx;
	autofree char *path = path_of(h, en->name);

	tell_levels(h);
	add_facts(h, en, path);
	return 0;
}

/* Its own attributes stay behind: what is in it is taken. */
static int hash_top(void *ctx UNUSED, const struct files_entry *en UNUSED,
		    const struct files_at *at UNUSED, struct err *e UNUSED)
{
	return 0;
}

/* ---- All of it ---- */

static int add_context_files(struct hashing *h, struct err *e)
{
	const struct context_view v = { .uid = 0, .gid = 0, .any_mode = true };
	uint8_t hash[CONTEXT_HASH_SIZE];
	int r;

	if (h->n_files == 0)
		return 0;
	r = context_hash(h->tree->context, &v, h->files, h->n_files, hash, e);
	if (r >= 0)
		digest_update(h->digest, hash, sizeof(hash));
	return r;
}

static int hash_match(struct hashing *h, const struct files_match *m,
		      const struct files_filter *filter, struct err *e)
{
	const struct files_visitor v = {
		.enter = hash_enter,
		.leave = hash_leave,
		.file = hash_file,
		.node = hash_node,
		.top = hash_top,
		.ctx = h,
	};
	const char *name = m->is_dir ? "/" : path_base(m->name);

	digest_update(h->digest, name, strlen(name) + 1);
	links_done(&h->links);
	return files_walk(h->tree, m, filter, &v, e);
}

static int hash_path(struct hashing *h, const struct vertex_files *f, const struct files_source *s,
		     const struct ignore *exclude, const char *path, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct files_want w = { 0 };
	struct files_filter filter = { .exclude = exclude };
	struct files_match *m = NULL;
	size_t n = 0;
	int r = files_want_make(f, path, &a, &w, e);

	if (r >= 0 && w.required)
		r = files_match(h->tree, w.required, true, &a, &m, &n, e);
	if (r >= 0)
		r = files_match(h->tree, w.pattern, s->plain, &a, &m, &n, e);
	if (w.parents)
		filter.include = &w.include;
	for (size_t i = 0; i < n && r >= 0; i++)
		r = hash_match(h, &m[i], &filter, e);
	return r;
}

/* The names of --chown and the text of --chmod are in the key anyway; here is only asked whether
 * there are any. */
static int plan_for_hash(const struct vertex_files *f, struct files_plan *ret, struct err *e)
{
	struct vertex_files g = *f;

	g.chown = f->chown && *f->chown ? "0:0" : NULL;
	return files_plan_make(&g, -1, ret, e);
}

int step_files_hash(const struct vertex_files *f, size_t source, const struct step_tree *tree,
		    uint8_t ret[CONTEXT_HASH_SIZE], struct err *e)
{
	const struct files_source *s = &f->sources[source];
	auto_(files_plan) struct files_plan plan = { 0 };
	auto_(hashing) struct hashing h = { .digest = digest_new(DIGEST_SHA256), .tree = tree };
	int r = plan_for_hash(f, &plan, e);

	if (r >= 0 && !tree->context && tree->fd < 0)
		return err_set(e, ENOENT, "'%.300s': not found: the source is empty", s->paths[0]);
	h.attrs = &plan.attrs;
	for (size_t i = 0; i < s->n_paths && r >= 0; i++)
		r = hash_path(&h, f, s, &plan.exclude, s->paths[i], e);
	if (r >= 0)
		r = add_context_files(&h, e);
	if (r >= 0)
		digest_final_bytes(h.digest, ret);
	return r;
}

int step_path_hash(const struct step_tree *tree, const char *path, uint8_t ret[CONTEXT_HASH_SIZE],
		   struct err *e)
{
	const char *paths[] = { path };
	struct files_source source = { .paths = paths, .n_paths = 1, .plain = true };
	const struct vertex_files f = { .sources = &source, .n_sources = 1 };

	return step_files_hash(&f, 0, tree, ret, e);
}
