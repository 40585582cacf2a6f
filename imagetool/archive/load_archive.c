/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over an archive.  Members come in any order and say only at the end
 * which of them are layers, so every file that may be one becomes a blob at
 * once; what no image turns out to need is collected as garbage.
 */
#include <errno.h>
#include <limits.h>

#include "imagetool/archive/foreign.h"
#include "imagetool/archive/load_internal.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/budget.h"
#include "imagetool/layer/entry_path.h"
#include "imagetool/layer/layer.h"
#include "libutil/alloc.h"
#include "libutil/path.h"

static int read_plain(void *decompress, const uint8_t **ret, struct err *e)
{
	int r = interrupt_check(e);

	return r < 0 ? r : decompress_next(decompress, ret, e);
}

/* ---- Members ---- */

/* Documents at the top that say what the archive holds. */
static bool is_text(const char *name)
{
	return streq(name, "index.json") || streq(name, "manifest.json") ||
	       streq(name, "oci-layout");
}

/* Docker's files for readers of ten years ago. */
static bool is_legacy(const char *name)
{
	const char *base = path_base(name);

	return streq(base, "VERSION") || streq(base, "json") || streq(name, "repositories");
}

/* "blobs/sha256/<hex>" -> "sha256:<hex>"; false for other names. */
static bool digest_from_name(const char *name, char digest[DIGEST_TEXT_SIZE])
{
	const char *p = name + strlen("blobs/");
	char *slash;

	if (!starts_with(name, "blobs/") || strlen(p) >= DIGEST_TEXT_SIZE)
		return false;
	memcpy(digest, p, strlen(p) + 1);
	slash = strchr(digest, '/');
	if (slash)
		*slash = ':';
	return digest_check(digest, NULL) == 0;
}

static int read_text(struct tar_reader *t, const struct tar_entry *n, struct member *m,
		     struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = JSON_MAX_SIZE };
	const uint8_t *data;
	int64_t offset;
	size_t len;
	int r;

	if (n->size > (int64_t)JSON_MAX_SIZE)
		return err_set(e, EFBIG, "%lld bytes are too many", (long long)n->size);
	while ((r = tar_data(t, &data, &len, &offset, e)) > 0)
		strbuf_add(&text, data, len);
	if (r >= 0)
		r = strbuf_check(&text, n->name, e);
	if (r < 0)
		return r;
	m->kind = MEMBER_TEXT;
	m->len = text.len;
	m->text = text.len ? strbuf_steal(&text) : xstrdup("");
	return 0;
}

static int write_blob(struct tar_reader *t, struct blob *b, struct member *m, struct err *e)
{
	const uint8_t *data;
	int64_t offset, end = 0;
	size_t len;
	int r;

	while ((r = tar_data(t, &data, &len, &offset, e)) > 0) {
		if (offset != end)
			return err_set(e, EINVAL, "a sparse file can't be a blob");
		if (offset == 0)
			m->compression = compression_detect(data, len);
		end += (int64_t)len;
		r = blob_write(b, data, len, e);
		if (r < 0)
			return r;
	}
	if (r >= 0 && end != m->size)
		return err_set(e, EINVAL, "a sparse file can't be a blob");
	return r;
}

static int read_blob(struct load *l, struct tar_reader *t, const struct tar_entry *n,
		     struct member *m, struct err *e)
{
	auto_(blob) struct blob *b = NULL;
	bool named = digest_from_name(m->name, m->digest);
	int r;

	m->kind = MEMBER_BLOB;
	m->size = n->size;
	r = blob_begin(l->store, named ? m->digest : NULL, n->size, &b, e);
	if (r >= 0)
		r = write_blob(t, b, m, e);
	if (r >= 0)
		r = blob_commit(steal_ptr(&b), m->digest, e);
	return r;
}

static int read_member(struct load *l, struct tar_reader *t, const struct tar_entry *n,
		       struct members *members, struct err *e)
{
	struct entry_path path;
	struct member m = { 0 };
	int r = entry_path_parse(n->name, &path, e);

	if (r < 0)
		return r;
	if (n->type == TAR_DIR || is_legacy(path.text))
		return 0;
	m.name = xstrdup(path.text);
	if (n->type == TAR_SYMLINK || n->type == TAR_HARDLINK)
		r = member_set_link(&m, n->type == TAR_SYMLINK, n->link, e);
	else if (n->type != TAR_FILE)
		r = err_set(e, EINVAL, "neither a file nor a link");
	else if (is_text(m.name))
		r = read_text(t, n, &m, e);
	else
		r = read_blob(l, t, n, &m, e);
	if (r >= 0)
		return members_add(members, &m, e);
	free(m.name);
	free(m.text);
	return err_wrap(e, r, "member '%.200s'", path.text);
}

/* ---- The archive ---- */

/* Bytes behind the archive's end: padding to what a tape's record was. */
#define TAIL_MAX ((int64_t)16 << 20)

struct first_piece {
	struct decompress *d;
	struct layer_budget budget;
	bool seen, ended;
	int64_t tail;
};

static int read_checked(void *ctx, const uint8_t **ret, struct err *e)
{
	struct first_piece *f = ctx;
	int r = read_plain(f->d, ret, e), bad;

	if (r <= 0)
		return r;
	bad = layer_budget_take_bytes(&f->budget, r, e);
	if (bad < 0)
		return bad;
	if (f->ended && (f->tail += r) > TAIL_MAX)
		return err_set(e, EINVAL, "it goes on for more than %lld bytes behind its end",
			       (long long)TAIL_MAX);
	if (f->seen)
		return r;
	f->seen = true;
	bad = archive_check_foreign(*ret, (size_t)r, e);
	return bad < 0 ? bad : r;
}

static int read_members(struct load *l, struct byte_source from, struct members *ret, struct err *e)
{
	auto_(decompress) struct decompress *d = NULL;
	auto_(tar_reader) struct tar_reader *t = NULL;
	struct first_piece first = { 0 };
	struct tar_entry n;
	int r = decompress_new(from, &d, e);

	if (r < 0)
		return r;
	first.d = d;
	layer_budget_init(&first.budget, l->opts->max_bytes, 0);
	t = tar_reader_new((struct tar_source){ .next = read_checked, .ctx = &first });
	while ((r = tar_next(t, &n, e)) > 0) {
		r = read_member(l, t, &n, ret, e);
		if (r < 0)
			return r;
	}
	/* Whoever writes into our pipe must not die of SIGPIPE. */
	first.ended = true;
	return r < 0 ? r : tar_drain(t, e);
}

static int load_members(struct load *l, const struct members *members, struct err *e)
{
	const struct member *index = members_find(members, "index.json");
	const struct member *docker = members_find(members, "manifest.json");
	struct image_index *doc;
	int r;

	if (index && index->kind == MEMBER_TEXT && members_find(members, "oci-layout")) {
		r = image_index_decode("index.json", index->text, index->len, &l->arena, &doc, e);
		return r < 0 ? r : load_index(l, doc, e);
	}
	if (docker && docker->kind == MEMBER_TEXT)
		return load_docker(l, members, docker, e);
	return err_set(e, EINVAL,
		       "it is neither an OCI archive (no index.json with oci-layout) nor a "
		       "docker-archive (no manifest.json)");
}

int load_archive(struct store *s, struct byte_source from, const struct load_opts *opts,
		 struct load_result *ret, struct err *e)
{
	struct load l = { .store = s, .opts = opts, .result = ret };
	auto_(members) struct members members = { 0 };
	int r = read_members(&l, from, &members, e);

	if (r >= 0)
		r = load_members(&l, &members, e);
	arena_done(&l.arena);
	return r;
}
