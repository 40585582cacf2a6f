/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/beside.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/diff/content_hash.h"
#include "imagetool/interrupt.h"
#include "imagetool/result/statement.h"
#include "imagetool/result/tree_list.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"

#define STATEMENT_MAX ((size_t)1 << 30)
#define MODE          0600

bool beside_any(const struct result_statements *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->items[i].inline_only)
			return true;
	return false;
}

/* ---- Subjects ---- */

struct subjects {
	struct arena arena;
	struct statement_subject *items; /* in the arena */
	size_t n;
};

static void subjects_done(struct subjects *s)
{
	arena_done(&s->arena);
}
AUTO_DEFINE_DONE(subjects, subjects_done)

static char *digest_text(struct arena *a, const uint8_t hash[FTREE_HASH_SIZE])
{
	auto_(strbuf) struct strbuf text = { 0 };

	strbuf_adds(&text, "sha256:");
	for (size_t i = 0; i < FTREE_HASH_SIZE; i++)
		strbuf_addf(&text, "%02x", hash[i]);
	return arena_strdup(a, strbuf_str(&text));
}

static int add_subject(struct subjects *s, int rootfd, const struct node *n, struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };
	uint8_t hash[FTREE_HASH_SIZE];
	int r = interrupt_check(e);

	ftree_path(n, &path);
	if (r >= 0)
		r = content_hash_beneath(rootfd, strbuf_str(&path), hash, e);
	if (r < 0)
		return err_wrap(e, r, "'%s'", strbuf_str(&path));
	s->items[s->n++] = (struct statement_subject){
		.name = arena_strdup(&s->arena, strbuf_str(&path)),
		.digest = digest_text(&s->arena, hash),
	};
	return 0;
}

static int find_subjects(int rootfd, struct subjects *s, struct err *e)
{
	auto_(tree_list) struct tree_list l = { 0 };
	int r = tree_list_read(rootfd, &l, e);

	s->items = arena_alloc(&s->arena, l.all.n + 1, sizeof(*s->items));
	for (size_t i = 0; i < l.all.n && r >= 0; i++)
		if (l.all.items[i].node->inode->type == TAR_FILE)
			r = add_subject(s, rootfd, l.all.items[i].node, e);
	return r;
}

/* ---- Files ---- */

/* "sbom.spdx.json", "sbom.spdx.linux_amd64.json" */
static char *name_of(const struct beside *b, const struct result_statement *s)
{
	const char *prefix = b->prefix ? b->prefix : "", *dot = strrchr(s->file, '.');

	if (!b->platform || !dot)
		return xasprintf("%s%s", prefix, s->file);
	return xasprintf("%s%.*s.%s%s", prefix, (int)(dot - s->file), s->file, b->platform, dot);
}

typedef int put_fn(const struct beside *b, const char *name, const struct strbuf *text, void *ctx,
		   struct err *e);

static int each(const struct beside *b, int rootfd, put_fn *put, void *ctx, struct err *e)
{
	auto_(subjects) struct subjects s = { 0 };
	int r = find_subjects(rootfd, &s, e);

	for (size_t i = 0; i < b->statements.n && r >= 0; i++) {
		const struct result_statement *one = &b->statements.items[i];
		autofree char *name = name_of(b, one);
		auto_(strbuf) struct strbuf text = { .max = STATEMENT_MAX };
		struct json_writer w = { .out = &text, .indent = 2 };

		if (one->inline_only)
			continue;
		statement_write(one, s.items, s.n, &w);
		r = strbuf_check(&text, name, e);
		if (r >= 0)
			r = put(b, name, &text, ctx, e);
	}
	return r < 0 ? err_wrap(e, r, "write what is attested") : 0;
}

/* What lies there is replaced, and no link followed: a result may have one of that name. */
static int put_file(const struct beside *b, const char *name, const struct strbuf *text, void *ctx,
		    struct err *e)
{
	const struct timespec times[2] = { { .tv_sec = b->time }, { .tv_sec = b->time } };
	int dirfd = *(int *)ctx;
	int r = file_replace_at(dirfd, name, strbuf_str(text), text->len, MODE, FILE_NO_SYNC, e);

	if (r < 0)
		return r;
	return utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0
		       ? err_sys(e, "set the time of '%s'", name)
		       : 0;
}

int beside_to_dir(const struct beside *b, int rootfd, const char *dir, struct err *e)
{
	autofd int dirfd = dir_open_at(AT_FDCWD, dir, e);

	return dirfd < 0 ? dirfd : each(b, rootfd, put_file, &dirfd, e);
}

static int put_entry(const struct beside *b, const char *name, const struct strbuf *text, void *ctx,
		     struct err *e)
{
	autofree char *path = b->dir ? path_join(b->dir, name) : xstrdup(name);
	const struct tar_entry entry = { .type = TAR_FILE,
					 .name = path,
					 .link = "",
					 .mode = MODE,
					 .mtime = { .tv_sec = b->time },
					 .size = (int64_t)text->len };
	int r = tar_write_entry(ctx, &entry, e);

	return r < 0 ? r : tar_write_data(ctx, strbuf_str(text), text->len, e);
}

int beside_to_tar(const struct beside *b, int rootfd, struct tar_writer *w, struct err *e)
{
	return each(b, rootfd, put_entry, w, e);
}
