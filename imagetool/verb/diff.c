/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/commit/changed.h"
#include "imagetool/diff/ftree_layers.h"
#include "imagetool/errors.h"
#include "imagetool/program.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/log.h"

struct values {
	const char *platform;
	bool json, checksum;
};

static const struct opt opts[] = {
	JSON_OPT_ROW(offsetof(struct values, json),
		     "a JSON array: path, kind, type, and what differs"),
	{ .name = "checksum",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, checksum),
	  .help = "compare the content of all files that look the same" },
	MEMBER_OPT_ROW(offsetof(struct values, platform)),
	OPT_END,
};

/* ---- Output ---- */

struct line {
	char *path; /* owned */
	const struct change *change;
};

static int by_path(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static const char *const type_names[] = {
	[TAR_FILE] = "file",          [TAR_SYMLINK] = "symlink", [TAR_CHAR] = "char",
	[TAR_BLOCK_DEVICE] = "block", [TAR_DIR] = "directory",   [TAR_FIFO] = "fifo",
	[TAR_HARDLINK] = "link",
};
static const char letters[] = {
	[CHANGE_ADDED] = 'A', [CHANGE_MODIFIED] = 'C', [CHANGE_DELETED] = 'D'
};
static const char *const kind_names[] = {
	[CHANGE_ADDED] = "added", [CHANGE_MODIFIED] = "changed", [CHANGE_DELETED] = "deleted"
};

static void write_json_line(struct json_writer *w, const struct line *l)
{
	const struct change *c = l->change;

	json_object(w);
	json_kv_string(w, "path", l->path);
	json_kv_string(w, "kind", kind_names[c->kind]);
	json_kv_string(w, "type", type_names[c->node->inode->type]);
	if (c->node->inode->type == TAR_FILE && c->kind != CHANGE_DELETED)
		json_kv_i64(w, "size", c->node->inode->size);
	if (c->kind == CHANGE_MODIFIED) {
		json_key(w, "what");
		json_array(w);
		for (unsigned i = 0; i < CHANGE_BIT_COUNT; i++)
			if (c->why & 1u << i)
				json_string(w, change_why_names[i]);
		json_array_end(w);
	}
	json_object_end(w);
}

static void format(const struct line *lines, size_t n, bool as_json, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	if (as_json)
		json_array(&w);
	for (size_t i = 0; i < n; i++) {
		if (as_json) {
			write_json_line(&w, &lines[i]);
			continue;
		}
		strbuf_addf(out, "%c ", letters[lines[i].change->kind]);
		strbuf_add_printable(out, lines[i].path, strlen(lines[i].path), "");
		strbuf_addc(out, '\n');
	}
	if (as_json) {
		json_array_end(&w);
		strbuf_addc(out, '\n');
	}
}

static int print(const struct changes *changes, bool as_json, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = (size_t)1 << 30 };
	struct line *lines = xcalloc(changes->n + 1, sizeof(*lines));
	int r;

	for (size_t i = 0; i < changes->n; i++) {
		auto_(strbuf) struct strbuf path = { 0 };

		strbuf_addc(&path, '/');
		ftree_path(changes->items[i].node, &path);
		lines[i] = (struct line){ strbuf_steal(&path), &changes->items[i] };
	}
	qsort(lines, changes->n, sizeof(*lines), by_path);
	format(lines, changes->n, as_json, &out);
	for (size_t i = 0; i < changes->n; i++)
		free(lines[i].path);
	free(lines);
	r = strbuf_check(&out, "the list of changes", e);
	if (r >= 0 && out.len && fwrite(out.data, 1, out.len, stdout) != out.len)
		r = err_sys(e, "write to standard output");
	return r;
}

/* ---- The two sides ---- */

struct sides {
	const struct store *store;
	const struct values *values;
	const struct platform *platform; /* NULL: this machine's */
};

static int diff_images(const struct sides *s, const char *a, const char *b, struct err *e)
{
	auto_(image) struct image old = { 0 }, new = { 0 };
	auto_(changes) struct changes changes = { 0 };
	struct ftree was, is;
	int r = image_load(s->store, a, s->platform, &old, e);

	if (r >= 0)
		r = image_load(s->store, b, s->platform, &new, e);
	if (r < 0)
		return r;
	ftree_init(&was);
	ftree_init(&is);
	r = ftree_add_image(&was, s->store, &old, e);
	if (r >= 0)
		r = ftree_add_image(&is, s->store, &new, e);
	if (r >= 0)
		r = compare_trees(&was, &is, &(struct compare_opts){ .rootfd = -1 }, &changes, e);
	if (r >= 0)
		r = print(&changes, s->values->json, e);
	ftree_done(&was);
	ftree_done(&is);
	return r;
}

/* `image` NULL: the one the bundle names. */
static int diff_directory(const struct sides *s, const char *image, const char *dir, struct err *e)
{
	auto_(changed) struct changed c = { 0 };
	auto_(image) struct image base = { 0 };
	const struct changed_opts how = { .checksum = s->values->checksum };
	int r = changed_open(dir, &c, e);

	if (r >= 0 && image)
		r = image_load(s->store, image, s->platform, &base, e);
	else if (r >= 0)
		r = changed_load_base(&c, s->store, &base, e);
	if (r >= 0)
		r = changed_find(&c, s->store, &base, &how, e);
	if (r >= 0)
		r = print(&c.changes, s->values->json, e);
	if (r >= 0 && c.notes.sockets)
		log_warning("%llu sockets were left out: no layer holds them",
			    (unsigned long long)c.notes.sockets);
	if (r >= 0 && c.notes.reserved)
		log_warning("%llu files whose names begin with '.wh.' were left out: in a layer "
			    "they would remove others",
			    (unsigned long long)c.notes.reserved);
	return r;
}

static bool is_image(const struct store *s, const char *text)
{
	auto_(arena) struct arena a = { 0 };
	struct store_image found;

	return store_resolve(s, text, &a, &found, NULL) >= 0;
}

static bool is_path(const char *text)
{
	struct stat st;

	return stat(text, &st) >= 0 && S_ISDIR(st.st_mode);
}

/* A path, unless an image has the name. */
static bool is_directory(const struct store *s, const char *text)
{
	return is_path(text) && (text[0] == '/' || text[0] == '.' || !is_image(s, text));
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	auto_(store) struct store *store = NULL;
	struct platform platform;
	struct sides s = { .values = v };
	int r = v->platform ? platform_of_option(v->platform, &platform, e) : 0;

	if (v->platform)
		s.platform = &platform;
	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &store, e);
	if (r < 0)
		return r;
	s.store = store;
	if (n == 1 && !is_path(args[0]) && is_image(store, args[0]))
		return err_set(e, IMAGE_EUSAGE,
			       "'%s' is an image: give another one in front, or a bundle alone",
			       args[0]);
	if (n == 1)
		return diff_directory(&s, NULL, args[0], e);
	if (is_directory(store, args[1]))
		return diff_directory(&s, args[0], args[1], e);
	return diff_images(&s, args[0], args[1], e);
}

const struct verb verb_diff = {
	.name = "diff",
	.args = "[IMAGE] IMAGE|BUNDLE|DIR",
	.summary = "what changed from an image to another, or in a root file system",
	.details =
		"Prints A (added), C (changed) or D (deleted) and the path, as docker diff does; a\n"
		"directory changes with what is in it.  With one argument, a bundle is compared with\n"
		"the image it was made of.\n"
		"\n"
		"Images are compared without unpacking them.  Of files on the disk type, mode, owner,\n"
		"size, time, links and extended attributes are compared, and content where a bundle's\n"
		"file was touched and looks the same.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
