/* SPDX-License-Identifier: Apache-2.0 */
/*
 * treecmp DIR - one line per entry of a tree, sorted, with everything that can
 * differ: type, mode, owner, size, time, device, link target, hard-link group,
 * extended attributes and a hash of the content.  Two trees are the same when
 * `diff` finds nothing.  -t leaves times of directories out, -T all times.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/macro.h"

enum times { TIMES_ALL, TIMES_NOT_DIRS, TIMES_NONE };

/* Names of an inode are a group, called by the first of them. */
struct group {
	dev_t dev;
	ino_t ino;
	char *name;
};

struct walk {
	enum times times;
	void *groups; /* tsearch(3) tree of struct group */
};

static void die(const char *what, const char *path)
{
	(void)fprintf(stderr, "treecmp: %s '%s': %s\n", what, path, strerror(errno));
	exit(1);
}

/* Names may hold anything: what is not printable, and what separates, is written in octal. */
static void put_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c >= 0x7f || c == '\\')
			(void)printf("\\%03o", c);
		else
			(void)putchar(c);
	}
}

static uint64_t hash_file(const char *path)
{
	unsigned char buf[65536];
	uint64_t h = 0xcbf29ce484222325;
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		die("open", path);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			h = (h ^ buf[i]) * 0x100000001b3;
	if (n < 0)
		die("read", path);
	return h;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_xattrs(const char *path)
{
	char list[65536], value[65536];
	char *names[256];
	ssize_t len = llistxattr(path, list, sizeof(list));
	size_t n = 0;

	if (len < 0)
		die("list extended attributes of", path);
	for (char *x = list; x < list + len && n < ARRAY_LEN(names); x += strlen(x) + 1)
		names[n++] = x;
	qsort(names, n, sizeof(names[0]), by_text);
	for (size_t i = 0; i < n; i++) {
		ssize_t size = lgetxattr(path, names[i], value, sizeof(value));

		if (size < 0)
			die("read an extended attribute of", path);
		(void)printf(" %s=", names[i]);
		put_text(value, (size_t)size);
	}
}

static int by_inode(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void put_group(struct walk *w, const char *path, const struct stat *st)
{
	struct group key = { .dev = st->st_dev, .ino = st->st_ino }, **found;

	found = tsearch(&key, &w->groups, by_inode);
	if (!found)
		die("remember", path);
	if (*found == &key) {
		*found = xcalloc(1, sizeof(key));
		**found = key;
		(*found)->name = xstrdup(path);
	}
	(void)printf(" links=");
	put_text((*found)->name, strlen((*found)->name));
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	default:
		return "other";
	}
}

static void put_content(const char *path, const struct stat *st)
{
	char link[4096];
	ssize_t n;

	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		(void)printf(" size=%" PRId64 " hash=%016" PRIx64, (int64_t)st->st_size,
			     hash_file(path));
		break;
	case S_IFLNK:
		n = readlink(path, link, sizeof(link));
		if (n < 0)
			die("read link", path);
		(void)printf(" to=");
		put_text(link, (size_t)n);
		break;
	case S_IFCHR:
	case S_IFBLK:
		(void)printf(" dev=%u:%u", major(st->st_rdev), minor(st->st_rdev));
		break;
	default:
		break;
	}
}

static bool wants_time(const struct walk *w, mode_t mode)
{
	return w->times == TIMES_ALL || (w->times == TIMES_NOT_DIRS && !S_ISDIR(mode));
}

static void put_entry(struct walk *w, const char *path, const struct stat *st)
{
	put_text(path, strlen(path));
	(void)printf(" %s", type_name(st->st_mode));
	if (!S_ISLNK(st->st_mode))
		(void)printf(" mode=%04o", st->st_mode & 07777);
	(void)printf(" owner=%u:%u", st->st_uid, st->st_gid);
	if (wants_time(w, st->st_mode))
		(void)printf(" mtime=%" PRId64 ".%09ld", (int64_t)st->st_mtim.tv_sec,
			     st->st_mtim.tv_nsec);
	put_content(path, st);
	if (!S_ISDIR(st->st_mode) && st->st_nlink > 1)
		put_group(w, path, st);
	put_xattrs(path);
	(void)putchar('\n');
}

static void walk_tree(struct walk *w, const char *path)
{
	struct dirent **list = NULL;
	struct stat st;
	int n;

	if (lstat(path, &st) < 0)
		die("stat", path);
	put_entry(w, path, &st);
	if (!S_ISDIR(st.st_mode))
		return;
	n = scandir(path, &list, NULL, alphasort);
	if (n < 0)
		die("list", path);
	for (int i = 0; i < n; i++) {
		autofree char *below = xasprintf("%s/%s", path, list[i]->d_name);

		if (!streq(list[i]->d_name, ".") && !streq(list[i]->d_name, ".."))
			walk_tree(w, below);
		free(list[i]);
	}
	free(list);
}

int main(int argc, char **argv)
{
	struct walk w = { .times = TIMES_ALL };

	if (argc == 3 && streq(argv[1], "-t"))
		w.times = TIMES_NOT_DIRS;
	else if (argc == 3 && streq(argv[1], "-T"))
		w.times = TIMES_NONE;
	else if (argc != 2) {
		(void)fprintf(stderr, "usage: treecmp [-t | -T] DIR\n");
		return 2;
	}
	if (chdir(argv[argc - 1]) < 0)
		die("enter", argv[argc - 1]);
	walk_tree(&w, ".");
	return fflush(stdout) == 0 ? 0 : 1;
}
