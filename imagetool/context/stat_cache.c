/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/context/stat_cache.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "imagetool/context/walk.h"
#include "libutil/digest.h"

/* Changes with what follows.  Numbers are the machine's own: the file stays on it. */
#define MAGIC "creelst1"
/* File systems that count whole seconds, or two of them. */
#define COARSE_S 2

struct file_head {
	char magic[8];
	int64_t begun_s, begun_ns;
	uint64_t n;
};

/* The path follows, without a NUL. */
struct record {
	uint64_t dev, ino;
	int64_t size;
	int64_t mtime_s, ctime_s;
	uint32_t mtime_ns, ctime_ns;
	uint32_t mode;
	uint16_t age; /* runs since it was found */
	uint16_t len; /* of the path */
	uint8_t hash[CONTEXT_HASH_SIZE];
};

void stat_cache_done(struct stat_cache *c)
{
	free(c->data);
	free(c->at);
	*c = (struct stat_cache){ 0 };
}

struct timespec stat_cache_now(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return t;
}

/* ---- Reading ---- */

static int damaged(struct err *e)
{
	return err_set(e, EBADMSG, "the file of hashes is damaged or another version's");
}

static struct record record_at(const struct stat_cache *c, size_t i, const char **ret_path)
{
	struct record r;

	memcpy(&r, c->data + c->at[i], sizeof(r));
	*ret_path = c->data + c->at[i] + sizeof(r);
	return r;
}

/* The record at `at`; returns where the next one is, 0 when this one is none. */
static size_t check_record(const char *data, size_t at, size_t end)
{
	struct record r;

	if (end - at < sizeof(r))
		return 0;
	memcpy(&r, data + at, sizeof(r));
	at += sizeof(r);
	if (r.len == 0 || r.len >= PATH_MAX || end - at < r.len || memchr(data + at, '\0', r.len))
		return 0;
	return at + r.len;
}

static bool sum_fits(const char *data, size_t len)
{
	uint8_t sum[CONTEXT_HASH_SIZE];

	digest_bytes_of(DIGEST_SHA256, data, len - sizeof(sum), sum);
	return memcmp(sum, data + len - sizeof(sum), sizeof(sum)) == 0;
}

static int index_records(struct stat_cache *c, const struct file_head *head, struct err *e)
{
	size_t at = sizeof(*head), end = c->len - CONTEXT_HASH_SIZE;

	/* Before anything of that size is allocated. */
	if (head->n > (end - at) / sizeof(struct record))
		return damaged(e);
	c->at = xcalloc(head->n + 1, sizeof(*c->at));
	for (c->n = 0; c->n < head->n; c->n++) {
		c->at[c->n] = at;
		at = check_record(c->data, at, end);
		if (!at)
			return damaged(e);
	}
	return at == end ? 0 : damaged(e);
}

int stat_cache_parse(char *data, size_t len, struct stat_cache *ret, struct err *e)
{
	auto_(stat_cache) struct stat_cache c = { .data = data, .len = len };
	struct file_head head;
	int r;

	if (len < sizeof(head) + CONTEXT_HASH_SIZE)
		return damaged(e);
	memcpy(&head, data, sizeof(head));
	if (memcmp(head.magic, MAGIC, sizeof(head.magic)) != 0 || !sum_fits(data, len))
		return damaged(e);
	c.begun = (struct timespec){ .tv_sec = head.begun_s, .tv_nsec = head.begun_ns };
	r = index_records(&c, &head, e);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct stat_cache){ 0 };
	return 0;
}

/* ---- Finding ---- */

/* walk_order() of a path that has a length. */
static int compare(const char *path, const char *other, size_t len)
{
	char text[PATH_MAX];

	memcpy(text, other, len);
	text[len] = '\0';
	return walk_order(path, text);
}

static bool is_before(int64_t s, int64_t ns, struct timespec t)
{
	if (ns == 0)
		return s < t.tv_sec - COARSE_S;
	return s < t.tv_sec || (s == t.tv_sec && ns < t.tv_nsec);
}

static bool is_settled(const struct context_file *f, struct timespec begun)
{
	return is_before(f->mtime.tv_sec, f->mtime.tv_nsec, begun) &&
	       is_before(f->ctime.tv_sec, f->ctime.tv_nsec, begun);
}

static void describe(const struct context_file *f, struct record *ret)
{
	*ret = (struct record){
		.dev = f->dev,
		.ino = f->ino,
		.size = f->size,
		.mtime_s = f->mtime.tv_sec,
		.ctime_s = f->ctime.tv_sec,
		.mtime_ns = (uint32_t)f->mtime.tv_nsec,
		.ctime_ns = (uint32_t)f->ctime.tv_nsec,
		.mode = f->mode,
		.len = (uint16_t)strlen(f->path),
	};
}

static bool looks_the_same(const struct record *a, const struct record *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mode == b->mode &&
	       a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns && a->ctime_s == b->ctime_s &&
	       a->ctime_ns == b->ctime_ns;
}

const uint8_t *stat_cache_find(const struct stat_cache *c, const struct context_file *f, size_t *at)
{
	struct record now;

	for (; *at < c->n; (*at)++) {
		const char *path;
		struct record r = record_at(c, *at, &path);
		int order = compare(f->path, path, r.len);

		if (order < 0)
			return NULL;
		if (order > 0)
			continue;
		describe(f, &now);
		if (!looks_the_same(&r, &now) || !is_settled(f, c->begun))
			return NULL;
		return (const uint8_t *)c->data + c->at[*at] + offsetof(struct record, hash);
	}
	return NULL;
}

/* ---- Writing ---- */

struct writing {
	struct strbuf *out;
	uint64_t n;
};

static void put(struct writing *w, const struct record *r, const char *path)
{
	if (w->out->len + sizeof(*r) + r->len + CONTEXT_HASH_SIZE > STAT_CACHE_MAX)
		return;
	strbuf_add(w->out, r, sizeof(*r));
	strbuf_add(w->out, path, r->len);
	w->n++;
}

static void put_file(struct writing *w, const struct context_file *f, struct timespec begun)
{
	struct record r;

	if (!f->hash || !is_settled(f, begun))
		return;
	describe(f, &r);
	memcpy(r.hash, f->hash, sizeof(r.hash));
	put(w, &r, f->path);
}

/* What was not found this time grows old.  Returns where to go on: behind what stands before
 * `path`, or is it; NULL: everything. */
static size_t put_old(struct writing *w, const struct stat_cache *old, size_t i, const char *path)
{
	for (; i < old->n; i++) {
		const char *text;
		struct record r = record_at(old, i, &text);
		int order = path ? compare(path, text, r.len) : 1;

		if (order == 0)
			return i + 1;
		if (order < 0)
			return i;
		if (r.age++ < STAT_CACHE_AGE_MAX)
			put(w, &r, text);
	}
	return i;
}

void stat_cache_encode(const struct stat_cache *old, const struct context_file *const *files,
		       size_t n, struct timespec begun, struct strbuf *out)
{
	struct file_head head = { .magic = MAGIC,
				  .begun_s = begun.tv_sec,
				  .begun_ns = begun.tv_nsec };
	struct writing w = { .out = out };
	uint8_t sum[CONTEXT_HASH_SIZE];
	size_t i = 0;

	strbuf_add(out, &head, sizeof(head));
	for (size_t f = 0; f < n; f++) {
		if (!S_ISREG(files[f]->mode))
			continue;
		i = put_old(&w, old, i, files[f]->path);
		put_file(&w, files[f], begun);
	}
	(void)put_old(&w, old, i, NULL);
	if (out->failed)
		return;
	head.n = w.n;
	memcpy(out->data, &head, sizeof(head));
	digest_bytes_of(DIGEST_SHA256, out->data, out->len, sum);
	strbuf_add(out, sum, sizeof(sum));
}
