/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/context/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>

#include "imagetool/interrupt.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"

/* A directory to be read, and then its content. */
struct listing {
	struct listing *next; /* waiting */
	struct node *dir;
	struct node **items;
	size_t n, cap;
};

struct node {
	struct context_file file;
	struct listing *below; /* NULL: no directory */
	bool ignored;          /* wanted only for what is below it */
};

struct walk {
	int rootfd;
	const struct ignore *ignore;
	pthread_mutex_t mutex; /* for what follows */
	pthread_cond_t news;
	struct listing *waiting;
	unsigned busy, started; /* threads */
	size_t files;
	struct err err;
	struct file_list *list;
};

/* One thread, and the directory it reads. */
struct reader {
	struct walk *walk;
	struct arena *arena;
	struct listing *at;
	bool *covers; /* owned: which rules leave that directory out */
	uint64_t sockets;
	size_t files;
	struct listing *found; /* not handed over yet */
};

int walk_order(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (!*a || (*a == '/' && *b))
		return -1;
	if (!*b || *b == '/')
		return 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

void file_list_done(struct file_list *l)
{
	free(l->files);
	for (int i = 0; i < WORKERS_MAX; i++)
		arena_done(&l->arenas[i]);
	*l = (struct file_list){ 0 };
}

/* ---- One directory ---- */

static const char *join(struct reader *r, const char *name, struct err *e)
{
	const char *dir = r->at->dir->file.path;
	size_t dir_len = strlen(dir), len = strlen(name);
	char *path;

	if (dir_len + 1 + len >= PATH_MAX) {
		(void)err_set(e, ENAMETOOLONG,
			      "'%.64s…': the path has more than %d bytes; list it in .dockerignore",
			      dir, PATH_MAX - 1);
		return NULL;
	}
	if (!dir_len)
		return arena_strndup(r->arena, name, len);
	path = arena_alloc(r->arena, dir_len + len + 2, 1);
	memcpy(path, dir, dir_len);
	path[dir_len] = '/';
	memcpy(path + dir_len + 1, name, len);
	return path;
}

static void describe(struct context_file *f, const struct stat *st)
{
	f->mode = st->st_mode;
	f->uid = st->st_uid;
	f->gid = st->st_gid;
	f->dev = st->st_dev;
	f->ino = st->st_ino;
	f->rdev = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ? st->st_rdev : 0;
	f->size = S_ISREG(st->st_mode) ? st->st_size : 0;
	f->mtime = st->st_mtim;
	f->ctime = st->st_ctim;
	f->link = "";
}

/* 0: the link is gone. */
static int read_link(struct reader *r, int dirfd, const char *name, struct context_file *f,
		     struct err *e)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, text, sizeof(text));

	if (n < 0 && (errno == ENOENT || errno == EINVAL))
		return 0;
	if (n < 0)
		return err_sys(e, "read symlink '%s'", f->path);
	f->link = arena_strndup(r->arena, text, (size_t)n);
	return 1;
}

static void add_dir(struct reader *r, struct node *n)
{
	n->below = arena_alloc(r->arena, 1, sizeof(*n->below));
	n->below->dir = n;
	n->below->next = r->found;
	r->found = n->below;
}

static void add_item(struct reader *r, struct node *n)
{
	struct listing *l = r->at;

	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->items = arena_grow(r->arena, l->items, l->n, l->cap, sizeof(struct node *));
	}
	l->items[l->n++] = n;
	r->files++;
}

static int add_node(struct reader *r, int dirfd, const char *name, const char *path, bool ignored,
		    struct err *e)
{
	struct node *n;
	struct stat st;
	int result = 1;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "stat '%s'", path);
	if (S_ISSOCK(st.st_mode))
		r->sockets += !ignored;
	if (S_ISSOCK(st.st_mode) || (ignored && !S_ISDIR(st.st_mode)))
		return 0;
	n = arena_alloc(r->arena, 1, sizeof(*n));
	n->ignored = ignored;
	n->file.path = path;
	describe(&n->file, &st);
	if (S_ISLNK(st.st_mode))
		result = read_link(r, dirfd, name, &n->file, e);
	if (result <= 0)
		return result;
	if (S_ISDIR(st.st_mode))
		add_dir(r, n);
	add_item(r, n);
	return 0;
}

static int visit(int dirfd, const char *name, unsigned char type, void *ctx, struct err *e)
{
	struct reader *r = ctx;
	const char *path = join(r, name, e);
	bool ignored;

	if (!path)
		return -ENAMETOOLONG;
	ignored = ignore_excludes_in(r->walk->ignore, r->covers, path);
	/* What is no directory, or holds nothing that is wanted, is not looked at. */
	if (ignored &&
	    ((type != DT_DIR && type != DT_UNKNOWN) || ignore_prunes(r->walk->ignore, path)))
		return 0;
	return add_node(r, dirfd, name, path, ignored, e);
}

static int by_path(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return strcmp((*x)->file.path, (*y)->file.path);
}

static int open_dir(const struct reader *r, struct err *e)
{
	const char *path = r->at->dir->file.path;
	int fd = beneath_open(r->walk->rootfd, *path ? path : ".",
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, BENEATH_STRICT, e);

	if (fd == -EACCES || fd == -EPERM)
		return err_set(e, -fd,
			       "directory '%s' of the context: %s; make it readable or list it in "
			       ".dockerignore",
			       path, strerror(-fd));
	return fd;
}

static int read_dir(struct reader *r, struct err *e)
{
	int result = interrupt_check(e);
	autofd int fd = result < 0 ? result : open_dir(r, e);

	/* Gone, or something else by now: then it has no content. */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	ignore_covers(r->walk->ignore, r->at->dir->file.path, r->covers);
	result = dir_each(fd, visit, r, e);
	if (r->at->n)
		qsort(r->at->items, r->at->n, sizeof(struct node *), by_path);
	return result;
}

/* ---- All of them ---- */

/* The next directory, or NULL when there is and will be none. */
static struct listing *take(struct walk *w)
{
	struct listing *l;

	while (!w->waiting && w->busy > 0 && !w->err.code)
		(void)pthread_cond_wait(&w->news, &w->mutex);
	l = w->err.code ? NULL : w->waiting;
	if (l) {
		w->waiting = l->next;
		w->busy++;
	}
	return l;
}

static void hand_over(struct walk *w, struct reader *r, const struct err *e)
{
	while (r->found) {
		struct listing *l = r->found;

		r->found = l->next;
		l->next = w->waiting;
		w->waiting = l;
	}
	w->files += r->files;
	w->list->sockets += r->sockets;
	r->files = r->sockets = 0;
	w->busy--;
	if (e->code && !w->err.code)
		w->err = *e;
	if (w->files > CONTEXT_FILES_MAX && !w->err.code)
		(void)err_set(&w->err, E2BIG,
			      "more than %zu files: list what is not needed in .dockerignore",
			      CONTEXT_FILES_MAX);
	(void)pthread_cond_broadcast(&w->news);
}

static void *run(void *ctx)
{
	struct walk *w = ctx;
	struct reader r = { .walk = w, .covers = xcalloc(w->ignore->n + 1, sizeof(bool)) };

	(void)pthread_mutex_lock(&w->mutex);
	r.arena = &w->list->arenas[w->started++];
	while ((r.at = take(w))) {
		struct err e = { 0 };

		(void)pthread_mutex_unlock(&w->mutex);
		(void)read_dir(&r, &e);
		(void)pthread_mutex_lock(&w->mutex);
		hand_over(w, &r, &e);
	}
	(void)pthread_mutex_unlock(&w->mutex);
	free(r.covers);
	return NULL;
}

/* ---- The list ---- */

struct flattening {
	struct node *dir;
	size_t item; /* of it, which is next */
};

struct stack {
	struct flattening *at; /* owned */
	size_t n, cap;
};

static void push(struct stack *s, struct file_list *l, struct node *n)
{
	l->files[l->n++] = &n->file;
	n->file.end = l->n;
	if (!n->below)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->at = xreallocarray(s->at, s->cap, sizeof(*s->at));
	}
	s->at[s->n++] = (struct flattening){ .dir = n };
}

/* Depth does not consume the thread's stack. */
static void flatten(struct file_list *l, struct node *root, size_t n)
{
	struct stack s = { 0 };

	l->files = xcalloc(n, sizeof(struct context_file *));
	push(&s, l, root);
	while (s.n > 0) {
		struct flattening *f = &s.at[s.n - 1];
		struct node *dir = f->dir;

		if (f->item < dir->below->n) {
			push(&s, l, dir->below->items[f->item++]);
			continue;
		}
		/* An ignored directory in which nothing is wanted. */
		if (dir->ignored && l->files[l->n - 1] == &dir->file)
			l->n--;
		dir->file.end = l->n;
		s.n--;
	}
	free(s.at);
}

static int make_root(struct walk *w, struct node **ret, struct err *e)
{
	struct arena *a = &w->list->arenas[0];
	struct node *root = arena_alloc(a, 1, sizeof(*root));
	struct stat st;

	if (fstat(w->rootfd, &st) < 0)
		return err_sys(e, "stat");
	root->file.path = "";
	describe(&root->file, &st);
	root->below = arena_alloc(a, 1, sizeof(*root->below));
	root->below->dir = root;
	w->waiting = root->below;
	w->files = 1;
	*ret = root;
	return 0;
}

int walk(int rootfd, const struct ignore *ignore, struct file_list *ret, struct err *e)
{
	struct walk w = { .rootfd = rootfd, .ignore = ignore, .list = ret };
	struct node *root = NULL;
	int r = make_root(&w, &root, e);

	if (r < 0)
		return r;
	(void)pthread_mutex_init(&w.mutex, NULL);
	(void)pthread_cond_init(&w.news, NULL);
	workers_run(run, &w);
	(void)pthread_cond_destroy(&w.news);
	(void)pthread_mutex_destroy(&w.mutex);
	if (w.err.code)
		return err_take(e, &w.err);
	flatten(ret, root, w.files);
	return 0;
}
