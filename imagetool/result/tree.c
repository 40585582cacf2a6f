/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "imagetool/result/tree_list.h"
#include "imagetool/tar/pass.h"
#include "libutil/alloc.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/path.h"

/* ---- Archives ---- */

/* Names, and targets of hard links, get the prefix. */
static int pass_entry(struct tar_reader *t, const struct tar_entry *entry, const char *prefix,
		      struct tar_writer *w, struct err *e)
{
	autofree char *name = path_join(prefix, entry->name);
	autofree char *link =
		entry->type == TAR_HARDLINK ? path_join(prefix, entry->link) : xstrdup(entry->link);
	struct tar_entry n = *entry;
	int r;

	n.name = name;
	n.link = link;
	r = tar_write_entry(w, &n, e);
	return r < 0 || n.type != TAR_FILE ? r : tar_pass_content(t, n.size, w, e);
}

static int pass_prefixed(struct tree_stream *s, const char *prefix, struct tar_writer *w,
			 struct err *e)
{
	auto_(tar_reader) struct tar_reader *t = tar_reader_new(tree_stream_source(s));
	const struct tar_entry top = { .type = TAR_DIR, .name = prefix, .link = "", .mode = 0755 };
	struct tar_entry n;
	int r = tar_write_entry(w, &top, e);

	while (r >= 0 && (r = tar_next(t, &n, e)) > 0)
		r = pass_entry(t, &n, prefix, w, e);
	return r < 0 ? r : tar_drain(t, e);
}

static int write_prefixed(const struct tree_list *l, const struct tree_opts *opts,
			  struct tar_writer *w, struct err *e)
{
	autofree struct tree_stream *s = xcalloc(1, sizeof(*s));
	int r = tree_stream_begin(s, l, opts, e);

	if (r >= 0)
		r = pass_prefixed(s, opts->prefix, w, e);
	return tree_stream_end(s, r, e);
}

int tree_to_tar(int rootfd, const struct tree_opts *opts, struct tar_writer *w, struct err *e)
{
	auto_(tree_list) struct tree_list l = { 0 };
	int r = tree_list_read(rootfd, &l, e);

	if (r < 0)
		return r;
	w->has_latest = opts->has_latest;
	w->latest = opts->latest;
	return opts->prefix ? write_prefixed(&l, opts, w, e) : tree_list_write(&l, w, e);
}

/* ---- Directories ---- */

/* A directory of somebody's is not removed for a file of ours. */
static int check_name(const struct node *n, int dirfd, struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };
	struct stat st;
	autofd int fd = -1;

	if (n->inode->type == TAR_DIR)
		return 0;
	ftree_path(n, &path);
	fd = beneath_open(dirfd, strbuf_str(&path), O_PATH | O_NOFOLLOW, 0, BENEATH_CHROOT, NULL);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return err_set(e, EISDIR,
		       "'%s' is a directory there, and the result has a file of that name: move it "
		       "away first",
		       strbuf_str(&path));
}

static int stop(int dirfd UNUSED, const char *name UNUSED, unsigned char d_type UNUSED,
		void *ctx UNUSED, struct err *e UNUSED)
{
	return 1;
}

static int check_names(const struct tree_list *l, int dirfd, struct err *e)
{
	int r = dir_each(dirfd, stop, NULL, e);
	bool is_empty = r == 0;

	for (size_t i = 0; i < l->all.n && r >= 0 && !is_empty; i++)
		r = check_name(l->all.items[i].node, dirfd, e);
	return r < 0 ? r : 0;
}

static int apply_stream(struct tree_stream *s, int dirfd, struct apply_notes *notes, struct err *e)
{
	auto_(tar_reader) struct tar_reader *t = tar_reader_new(tree_stream_source(s));
	auto_(apply) struct apply *a = apply_new(dirfd);
	int r = apply_layer(a, t, e);

	if (r >= 0)
		r = tar_drain(t, e);
	notes->devices += apply_notes(a)->devices;
	notes->xattrs += apply_notes(a)->xattrs;
	return r;
}

static int open_dir(const char *dir, struct err *e)
{
	int r = dir_make_all_at(AT_FDCWD, dir, 0755, e);

	return r < 0 ? r : dir_open_at(AT_FDCWD, dir, e);
}

int tree_to_dir(int rootfd, const char *dir, const struct tree_opts *opts,
		struct apply_notes *notes, struct err *e)
{
	auto_(tree_list) struct tree_list l = { 0 };
	autofree struct tree_stream *s = xcalloc(1, sizeof(*s));
	autofd int dirfd = open_dir(dir, e);
	int r = dirfd;

	if (r >= 0)
		r = tree_list_read(rootfd, &l, e);
	if (r >= 0)
		r = check_names(&l, dirfd, e);
	if (r < 0)
		return r;
	r = tree_stream_begin(s, &l, opts, e);
	if (r >= 0)
		r = apply_stream(s, dirfd, notes, e);
	return tree_stream_end(s, r, e);
}
