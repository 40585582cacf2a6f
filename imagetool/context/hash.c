/* SPDX-License-Identifier: Apache-2.0 */
/* What a copy would consist of, as one hash. */
#include <errno.h>

#include "imagetool/context/hash_files.h"
#include "imagetool/context/internal.h"
#include "libutil/digest.h"
#include "libutil/path.h"

/* A file's path from the match on; the name of a match that is no directory. */
static const char *path_in(const struct context *c, const struct context_match *m, size_t index)
{
	const struct context_file *f = c->list.files[index];
	size_t skip = strlen(c->list.files[m->index]->path);

	if (index == m->index)
		return S_ISDIR(f->mode) ? "" : path_base(m->name);
	return f->path + skip + (skip > 0);
}

bool context_takes(const struct context *c, const struct context_view *v,
		   const struct context_match *m, size_t index)
{
	const char *path = path_in(c, m, index);

	return !v->exclude || !*path || !ignore_excludes(v->exclude, path);
}

/* ---- Reading ---- */

/* Regular files whose hash is needed and not known. */
static int read_missing(struct context *c, const struct context_view *v,
			const struct context_match *m, size_t n, struct err *e)
{
	struct file_hashing h = { .context = c };
	int r;

	for (size_t i = 0; i < n; i++)
		for (size_t k = m[i].index; k < c->list.files[m[i].index]->end; k++)
			if (S_ISREG(c->list.files[k]->mode) && !c->list.files[k]->hash &&
			    context_takes(c, v, &m[i], k))
				file_hashing_add(&h, k);
	r = file_hashing_run(&h, e);
	c->hashed += h.done;
	file_hashing_done(&h);
	return r;
}

/* ---- Adding up ---- */

struct file_facts {
	uint32_t mode, uid, gid, pad;
	uint64_t rdev;
	uint64_t path_len, link_len;
};

static void add_file(struct digest *d, const struct context_view *v, const struct context_file *f,
		     const char *path)
{
	const struct file_facts facts = {
		.mode = v->any_mode ? f->mode & S_IFMT : f->mode,
		.uid = v->uid < 0 ? f->uid : (uint32_t)v->uid,
		.gid = v->gid < 0 ? f->gid : (uint32_t)v->gid,
		.rdev = f->rdev,
		.path_len = strlen(path),
		.link_len = strlen(f->link),
	};

	digest_update(d, &facts, sizeof(facts));
	digest_update(d, path, facts.path_len);
	digest_update(d, f->link, facts.link_len);
	if (S_ISREG(f->mode))
		digest_update(d, f->hash, CONTEXT_HASH_SIZE);
}

static void add_match(struct digest *d, const struct context *c, const struct context_view *v,
		      const struct context_match *m)
{
	const char *name = path_base(m->name);
	uint64_t n = 0;

	digest_update(d, name, strlen(name) + 1);
	for (size_t i = m->index; i < c->list.files[m->index]->end; i++) {
		if (!context_takes(c, v, m, i))
			continue;
		add_file(d, v, c->list.files[i], path_in(c, m, i));
		n++;
	}
	digest_update(d, &n, sizeof(n));
}

int context_hash(struct context *c, const struct context_view *v, const struct context_match *m,
		 size_t n, uint8_t ret[CONTEXT_HASH_SIZE], struct err *e)
{
	auto_(digest) struct digest *d = NULL;
	int r = read_missing(c, v, m, n, e);

	if (r < 0)
		return err_wrap(e, r, "context '%s'", c->name);
	d = digest_new(DIGEST_SHA256);
	for (size_t i = 0; i < n; i++)
		add_match(d, c, v, &m[i]);
	digest_final_bytes(d, ret);
	return 0;
}
