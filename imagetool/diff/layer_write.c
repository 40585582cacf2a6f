/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/layer_write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "imagetool/diff/file_pieces.h"
#include "libutil/beneath.h"
#include "libutil/path.h"

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

struct writing {
	struct tar_writer *w;
	struct layer_write_notes *notes;
	int rootfd;
	/* The directory of the last file. */
	const struct node *dir;
	int dirfd;
	struct strbuf path; /* of the entry */
	int64_t at;         /* of its content */
};

static int is_gone(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

/* ---- Whiteouts ---- */

/* Nobody's and without a time, so that layers are the same tomorrow. */
static int write_whiteout(struct writing *g, const char *name, struct err *e)
{
	return tar_write_entry(
		g->w, &(struct tar_entry){ .type = TAR_FILE, .name = name, .link = "" }, e);
}

static int write_deleted(struct writing *g, const struct node *n, struct err *e)
{
	autofree char *dir = path_parent(strbuf_str(&g->path));
	autofree char *name = xasprintf("%s/" WHITEOUT_PREFIX "%s", dir, n->name);

	return write_whiteout(g, starts_with(name, "./") ? name + 2 : name, e);
}

static int write_opaque(struct writing *g, struct err *e)
{
	autofree char *name = path_join(strbuf_str(&g->path), WHITEOUT_OPAQUE);

	return write_whiteout(g, name, e);
}

/* ---- Files ---- */

static int enter(struct writing *g, const struct node *dir, struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };

	if (dir == g->dir && g->dirfd >= 0)
		return 0;
	if (g->dirfd >= 0)
		(void)close(g->dirfd);
	g->dir = dir;
	ftree_path(dir, &path);
	g->dirfd = beneath_open(g->rootfd, path.len ? path.data : ".", O_PATH | O_DIRECTORY, 0,
				BENEATH_STRICT, e);
	return g->dirfd < 0 ? g->dirfd : 0;
}

/* Returns a descriptor, -ENOENT when no regular file is there any more. */
static int open_file(struct writing *g, const struct node *n, struct stat *st, struct err *e)
{
	autofd int fd = -1;
	int r = enter(g, n->parent, e);

	if (r < 0)
		return r;
	fd = openat(g->dirfd, n->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, st) < 0)
		return err_sys(e, "open");
	if (!S_ISREG(st->st_mode))
		return err_set(e, ENOENT, "not a regular file any more");
	return steal_fd(&fd);
}

static int write_piece(void *ctx, int64_t offset, const void *data, size_t len, struct err *e)
{
	struct writing *g = ctx;
	int r = tar_write_zeros(g->w, offset - g->at, e);

	g->at = offset + (int64_t)len;
	return r < 0 ? r : tar_write_data(g->w, data, len, e);
}

static int write_content(struct writing *g, int fd, int64_t size, struct err *e)
{
	int64_t end;
	int r = size ? file_pieces(fd, size, write_piece, g, &end, e) : 0;

	if (r < 0 || !size)
		return r;
	g->notes->shrunk += end < size;
	return tar_write_zeros(g->w, size - g->at, e);
}

static int write_file(struct writing *g, const struct node *n, struct tar_entry *entry,
		      struct err *e)
{
	struct stat st;
	autofd int fd = open_file(g, n, &st, e);
	int r;

	if (is_gone(fd)) {
		err_clear(e);
		g->notes->gone++;
		return 0;
	}
	if (fd < 0)
		return fd;
	entry->size = st.st_size;
	entry->mtime = st.st_mtim;
	g->at = 0;
	r = tar_write_entry(g->w, entry, e);
	if (r >= 0)
		r = write_content(g, fd, entry->size, e);
	return r < 0 ? r : 1;
}

/* ---- Entries ---- */

static struct tar_entry entry_of(const struct writing *g, const struct inode *i)
{
	return (struct tar_entry){
		.type = i->type,
		.name = g->path.len ? g->path.data : "./",
		.link = i->link,
		.mode = i->mode,
		.uid = i->uid,
		.gid = i->gid,
		.mtime = i->mtime,
		.major = i->major,
		.minor = i->minor,
		.xattrs = i->xattrs,
		.n_xattrs = i->n_xattrs,
	};
}

static int write_link(struct writing *g, struct tar_entry *entry, const char *target, struct err *e)
{
	entry->type = TAR_HARDLINK;
	entry->link = target;
	/* What it links to has said them. */
	entry->n_xattrs = 0;
	entry->major = entry->minor = 0;
	return tar_write_entry(g->w, entry, e);
}

static int write_present(struct writing *g, const struct node *n, struct arena *names,
			 struct err *e)
{
	struct inode *i = n->inode;
	struct tar_entry entry = entry_of(g, i);
	int r;

	if (i->written_as)
		return write_link(g, &entry, i->written_as, e);
	r = i->type == TAR_FILE ? write_file(g, n, &entry, e) : tar_write_entry(g->w, &entry, e);
	if (r < 0)
		return r;
	if ((i->type != TAR_FILE || r > 0) && i->type != TAR_DIR && i->nodes->next_link)
		i->written_as = arena_strdup(names, entry.name);
	return n->opaque ? write_opaque(g, e) : 0;
}

int layer_write(const struct changes *changes, int rootfd, struct tar_writer *w,
		struct layer_write_notes *notes, struct err *e)
{
	struct writing g = { .w = w, .notes = notes, .rootfd = rootfd, .dirfd = -1 };
	struct arena names = { 0 };
	int r = 0;

	for (size_t i = 0; i < changes->n && r >= 0; i++) {
		const struct change *c = &changes->items[i];

		strbuf_truncate(&g.path, 0);
		ftree_path(c->node, &g.path);
		if (c->kind == CHANGE_DELETED)
			r = write_deleted(&g, c->node, e);
		else
			r = write_present(&g, c->node, &names, e);
		if (r < 0)
			r = err_wrap(e, r, "file '/%s'", strbuf_str(&g.path));
	}
	if (g.dirfd >= 0)
		(void)close(g.dirfd);
	strbuf_done(&g.path);
	arena_done(&names);
	return r;
}
