/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mounts need to be mounted on and the root has not: made before the step, taken away after
 * it, so that the layer shows neither.
 *
 * A stub is remembered as a descriptor of the directory it was made in and one name.  Whatever the
 * step made of the path that led there, a link to the host for one, the name is removed in that
 * very directory, if it is still an empty directory or file (CVE-2024-23652).  The directory's
 * times become what they would be without.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/beneath.h"
#include "libutil/path.h"

#define LINKS_MAX 40 /* as many as the kernel follows */
#define STUBS_MAX 4096

static const char *const kernel_places[] = { "/proc", "/dev", "/sys" };

void run_stubs_done(struct run_stubs *s)
{
	for (size_t i = 0; i < s->n; i++) {
		(void)close(s->items[i].parentfd);
		free(s->items[i].name);
	}
	free(s->items);
	*s = (struct run_stubs){ 0 };
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* By a name of the descriptor's own: utimensat(2) takes none that is O_PATH. */
static void set_times(int dirfd, const struct timespec times[2])
{
	(void)utimensat(dirfd, ".", times, AT_SYMLINK_NOFOLLOW);
}

/* ---- Made ---- */

static struct run_stub *stub_new(struct run_stubs *s, int parentfd, const char *name)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 8;
		s->items = xreallocarray(s->items, s->cap, sizeof(*s->items));
	}
	s->items[s->n] = (struct run_stub){ .parentfd = parentfd, .name = xstrdup(name) };
	return &s->items[s->n++];
}

static int make_one(int parentfd, const char *name, bool is_dir)
{
	int fd;

	if (is_dir)
		return mkdirat(parentfd, name, 0755) < 0 ? -errno : 0;
	fd = openat(parentfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	(void)fchmod(fd, 0644);
	(void)close(fd);
	return 0;
}

/* Takes `parentfd`. */
static int make_stub(struct run_stubs *s, int parentfd, const char *name, bool is_dir,
		     struct err *e)
{
	struct stat before, made;
	struct run_stub *stub;
	int r = s->n < STUBS_MAX ? 0 : -E2BIG;

	if (r >= 0 && fstat(parentfd, &before) < 0)
		r = -errno;
	if (r >= 0)
		r = make_one(parentfd, name, is_dir);
	if (r < 0) {
		(void)close(parentfd);
		return err_set(e, -r, "make '%s' to mount on: %s", name, strerror(-r));
	}
	stub = stub_new(s, parentfd, name);
	stub->before[0] = before.st_atim;
	stub->before[1] = before.st_mtim;
	stub->made = fstat(parentfd, &made) < 0 ? before.st_mtim : made.st_mtim;
	return 0;
}

/* One name of the path: the directory to go on in, 0 at the path's end, or a negative errno.
 * A link is put in front of what is left. */
struct walk {
	int fd; /* O_PATH of where it stands; owned */
	char rest[PATH_MAX];
	int links;
};

static void walk_done(struct walk *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
}
AUTO_DEFINE_DONE(walk, walk_done)

static int follow(struct walk *w, int rootfd, const char *name, const char *after)
{
	autofree char *all = NULL;
	char text[PATH_MAX];
	ssize_t n = readlinkat(w->fd, name, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	all = xasprintf("%s/%s", text, after);
	if (strlen(all) >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memcpy(w->rest, all, strlen(all) + 1);
	if (text[0] != '/')
		return 0;
	(void)close(w->fd);
	w->fd = openat(rootfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return w->fd < 0 ? -errno : 0;
}

static int enter(struct walk *w, const char *name)
{
	int fd = openat(w->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)close(w->fd);
	w->fd = fd;
	return 0;
}

static bool nothing_follows(const char *rest)
{
	return rest[strspn(rest, "/")] == '\0';
}

static int step(struct walk *w, struct run_stubs *s, int rootfd, bool is_dir, struct err *e)
{
	char name[NAME_MAX + 1];
	char *at = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(at, "/");
	autofree char *after = xstrdup(at + len);
	bool last = nothing_follows(after);
	struct stat st;

	if (!len)
		return 0;
	if (len > NAME_MAX)
		return err_set(e, ENAMETOOLONG, "'%s' has too long a name", w->rest);
	memcpy(name, at, len);
	name[len] = '\0';
	/* Rare behind a link that leads upwards: the runtime makes what it needs then, and the
	 * layer shows it. */
	if (streq(name, ".."))
		return 0;
	if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		int fd = errno == ENOENT ? fcntl(w->fd, F_DUPFD_CLOEXEC, 0) : -1, r;

		if (fd < 0)
			return err_sys(e, "look for '%s'", name);
		r = make_stub(s, fd, name, !last || is_dir, e);
		if (r < 0)
			return r;
	} else if (S_ISLNK(st.st_mode)) {
		int r = follow(w, rootfd, name, after);

		return r < 0 ? err_set(e, -r, "follow '%s': %s", name, strerror(-r)) : 1;
	} else if (!S_ISDIR(st.st_mode)) {
		return 0; /* a file, or the runtime says that it is none to mount on */
	}
	if (last)
		return 0;
	memmove(w->rest, after, strlen(after) + 1);
	if (enter(w, name) < 0)
		return err_sys(e, "open '%s'", name);
	return 1;
}

int run_stub_make(struct run_stubs *s, int rootfd, const char *target, bool is_dir, struct err *e)
{
	auto_(walk) struct walk w = { .fd = -1 };
	int r = 1;

	if (strlen(target) >= sizeof(w.rest))
		return err_set(e, ENAMETOOLONG, "'%s' is too long a path", target);
	memcpy(w.rest, target, strlen(target) + 1);
	w.fd = openat(rootfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return err_sys(e, "open the root directory");
	while (r > 0)
		r = step(&w, s, rootfd, is_dir, e);
	return r < 0 ? err_wrap(e, r, "mount point '%s'", target) : 0;
}

bool run_is_kernels(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(kernel_places); i++)
		if (path_is_below(path, kernel_places[i]))
			return true;
	return false;
}

/* What lies in another mount is made there. */
static bool is_covered(const struct run_step *s, const char *target)
{
	if (run_is_kernels(target))
		return true;
	for (size_t i = 0; i < s->n_places; i++)
		if (!streq(target, s->places[i].target) &&
		    path_is_below(target, s->places[i].target))
			return true;
	return false;
}

static bool wants_dir(const struct run_place *p)
{
	switch (p->kind) {
	case PLACE_TREE:
		return !p->is_file;
	case PLACE_EMPTY:
	case PLACE_TMPFS:
		return true;
	case PLACE_FILE:
	case PLACE_SOCKET:
		return false;
	}
	return true;
}

int run_stub_for(struct run_step *s, const char *target, bool is_dir, struct err *e)
{
	return is_covered(s, target) ? 0 : run_stub_make(&s->stubs, s->root->fd, target, is_dir, e);
}

int run_stubs_make(struct run_step *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(kernel_places) && r >= 0; i++)
		r = run_stub_make(&s->stubs, s->root->fd, kernel_places[i], true, e);
	for (size_t i = 0; i < s->n_places && r >= 0; i++)
		r = run_stub_for(s, s->places[i].target, wants_dir(&s->places[i]), e);
	if (r >= 0)
		r = run_devices_stubs(s, e);
	/* So that a step which changes nothing in a directory leaves it as it was. */
	for (size_t i = s->stubs.n; i-- > 0;)
		set_times(s->stubs.items[i].parentfd, s->stubs.items[i].before);
	return r;
}

/* ---- Taken away ---- */

static bool is_stub(const struct stat *st)
{
	return S_ISDIR(st->st_mode) || (S_ISREG(st->st_mode) && st->st_size == 0);
}

static void remove_stub(const struct run_stub *stub)
{
	struct stat st, dir;
	int flags;

	if (fstat(stub->parentfd, &dir) < 0 ||
	    fstatat(stub->parentfd, stub->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !is_stub(&st))
		return;
	flags = S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0;
	if (unlinkat(stub->parentfd, stub->name, flags) < 0)
		return; /* the step has put something into it */
	if (same_time(&dir.st_mtim, &stub->made))
		set_times(stub->parentfd, stub->before);
	else
		set_times(stub->parentfd, (const struct timespec[2]){ dir.st_atim, dir.st_mtim });
}

void run_stubs_remove(struct run_stubs *s)
{
	for (size_t i = s->n; i-- > 0;)
		remove_stub(&s->items[i]);
}
