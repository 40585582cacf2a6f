/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/diff/ftree_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "imagetool/diff/disk_xattrs.h"
#include "imagetool/diff/inode_map.h"
#include "imagetool/interrupt.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"

#define ID_OVERFLOW 65534 /* nobody, as the kernel shows ids that are not mapped */

struct scan {
	struct ftree *tree;
	int rootfd;
	const struct ftree_dir_opts *opts;
	struct ftree_dir_notes *notes;
	struct inode_map links;
	struct node *dir; /* being read */
};

static int64_t inside_id(const struct disk_id_map *ids, uint32_t id)
{
	if (!ids->n)
		return id;
	for (size_t i = 0; i < ids->n; i++) {
		const struct disk_ids *r = &ids->items[i];

		if (id >= r->outside && id - r->outside < r->count)
			return r->inside + (id - r->outside);
	}
	return ID_OVERFLOW;
}

static bool is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* False: nothing that a layer can hold. */
static bool type_of(mode_t mode, enum tar_type *ret)
{
	static const struct {
		mode_t mode;
		enum tar_type type;
	} rows[] = {
		{ S_IFREG, TAR_FILE }, { S_IFDIR, TAR_DIR },          { S_IFLNK, TAR_SYMLINK },
		{ S_IFCHR, TAR_CHAR }, { S_IFBLK, TAR_BLOCK_DEVICE }, { S_IFIFO, TAR_FIFO },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if ((mode & S_IFMT) == rows[i].mode) {
			*ret = rows[i].type;
			return true;
		}
	return false;
}

static struct inode *inode_of(struct scan *s, const struct stat *st)
{
	const struct ftree_dir_opts *o = s->opts;
	struct inode *i = ftree_inode_new(&s->tree->arena);

	if (!type_of(st->st_mode, &i->type))
		return NULL;
	i->mode = st->st_mode & 07777;
	i->uid = inside_id(&o->uids, st->st_uid);
	i->gid = inside_id(&o->gids, st->st_gid);
	i->mtime = st->st_mtim;
	i->size = i->type == TAR_FILE ? st->st_size : 0;
	if (i->type == TAR_CHAR || i->type == TAR_BLOCK_DEVICE) {
		i->major = major(st->st_rdev);
		i->minor = minor(st->st_rdev);
	}
	i->ino = st->st_ino;
	i->dev = st->st_dev;
	if (o->has_unpacked) {
		i->untouched = is_before(st->st_ctim, o->unpacked);
		i->touched = !i->untouched;
	}
	return i;
}

static int read_link(struct scan *s, int dirfd, const char *name, struct inode *i, struct err *e)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, text, sizeof(text));

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return err_sys(e, "read symlink '%s'", name);
	i->link = arena_strndup(&s->tree->arena, text, (size_t)n);
	return 1;
}

/* Everything beyond stat(2).  Returns 0 when the file is gone. */
static int complete(struct scan *s, int dirfd, const char *name, struct node *n, struct err *e)
{
	struct inode *i = n->inode;
	struct disk_marks marks = { .kinds = s->opts->upper };
	int r = i->type == TAR_SYMLINK ? read_link(s, dirfd, name, i, e) : 1;

	/* What nobody touched has the image's attributes; only an overlay's marks are news. */
	if (r <= 0 || (i->untouched && !s->opts->upper))
		return r;
	r = disk_xattrs(dirfd, name, &s->tree->arena, i, s->opts->upper ? &marks : NULL, e);
	n->opaque = marks.opaque;
	n->redirected = marks.redirect;
	n->whiteout = marks.whiteout;
	i->no_data = marks.metacopy;
	s->notes->redirects += marks.redirect || marks.metacopy;
	return r < 0 ? r : 1;
}

static bool is_whiteout(const struct scan *s, const struct inode *i)
{
	return s->opts->upper && i->type == TAR_CHAR && i->major == 0 && i->minor == 0;
}

static int add_name(struct scan *s, int dirfd, const char *name, const struct stat *st,
		    struct err *e)
{
	bool linked = st->st_nlink > 1 && !S_ISDIR(st->st_mode);
	struct inode *i = linked ? inode_map_find(&s->links, st->st_dev, st->st_ino) : NULL;
	bool known = i != NULL;
	struct node *n;
	int r;

	if (!i)
		i = inode_of(s, st);
	if (!i) {
		s->notes->sockets++;
		return 0;
	}
	r = ftree_put(s->tree, s->dir, name, strlen(name), i, 0, &n, e);
	if (r < 0)
		return r;
	/* All whiteouts of a directory may be links of one device. */
	if (is_whiteout(s, i)) {
		n->whiteout = true;
		return 0;
	}
	if (known)
		return 0;
	r = complete(s, dirfd, name, n, e);
	if (r == 0)
		ftree_remove(s->tree, n);
	else if (r > 0 && linked && !n->whiteout)
		inode_map_add(&s->links, i);
	return r < 0 ? r : 0;
}

static int visit(int dirfd, const char *name, unsigned char type UNUSED, void *ctx, struct err *e)
{
	struct scan *s = ctx;
	struct stat st;

	/* In a layer it would be the order to remove another file. */
	if (starts_with(name, ".wh.")) {
		s->notes->reserved++;
		return 0;
	}
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "stat '%s'", name);
	return add_name(s, dirfd, name, &st, e);
}

int ftree_open_dir(const struct node *dir, int rootfd, int *ret_fd, struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };
	int fd;

	*ret_fd = -1;
	ftree_path(dir, &path);
	fd = beneath_open(rootfd, path.len ? path.data : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
			  0, BENEATH_STRICT, e);
	/* Something else is there. */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int scan_dir(struct scan *s, struct err *e)
{
	auto_(strbuf) struct strbuf path = { 0 };
	autofd int fd = -1;
	int r = interrupt_check(e);

	if (r >= 0)
		r = ftree_open_dir(s->dir, s->rootfd, &fd, e);
	/* Gone by now: then it has no content. */
	if (r < 0 || fd < 0)
		return r;
	r = dir_each(fd, visit, s, e);
	if (r >= 0)
		return 0;
	ftree_path(s->dir, &path);
	return err_wrap(e, r, "directory '/%s'", strbuf_str(&path));
}

static int scan_root(struct scan *s, struct err *e)
{
	struct node *root = s->tree->root;
	struct stat st;
	int r;

	if (fstat(s->rootfd, &st) < 0)
		return err_sys(e, "stat the root directory");
	root->inode = inode_of(s, &st);
	if (!root->inode || root->inode->type != TAR_DIR)
		return err_set(e, ENOTDIR, "the root is not a directory");
	root->inode->nodes = root;
	r = complete(s, s->rootfd, ".", root, e);
	return r < 0 ? r : 0;
}

int ftree_add_dir(struct ftree *t, int rootfd, const struct ftree_dir_opts *opts,
		  struct ftree_dir_notes *notes, struct err *e)
{
	struct scan s = { .tree = t, .rootfd = rootfd, .opts = opts, .notes = notes };
	int r = scan_root(&s, e);

	/* ftree_next() finds what was just read: new children are below the node we stand at. */
	for (struct node *n = t->root; n && r >= 0; n = ftree_next(n, false)) {
		if (n->inode->type != TAR_DIR)
			continue;
		s.dir = n;
		r = scan_dir(&s, e);
	}
	inode_map_done(&s.links);
	if (r >= 0)
		ftree_sort(t);
	return r;
}
