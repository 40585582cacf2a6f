/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUN --mount=type=cache: STORE/build/mounts/HASH/0 and, with sharing=private, 1, 2, ...; beside
 * each a file N.lock.  HASH is of all that makes two caches different, so that no id, however
 * written, is a path (CVE-2024-9675).
 *
 * shared holds its lock with others, locked and private alone; who removes caches takes it alone,
 * too, and looks whether the file he locked is still the one that is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/layer/view.h"
#include "imagetool/step/run_internal.h"
#include "libutil/beneath.h"
#include "libutil/dir.h"
#include "libutil/lock_wait.h"
#include "libutil/sha256.h"

#define CACHES_MAX 1024 /* of one private id at once */
#define CACHE_MODE 0755

/* As BuildKit: who it is made for and what it begins with make it another one: the files, not what
 * their stage is called. */
static char *hash_of(const struct run_mount *m, const struct step_tree *from)
{
	const char *begins = from->key && *from->key ? from->key : m->from;
	autofree char *text = xasprintf("%s%c%u:%u:%o%c%s%c%s", m->id, '\n', m->uid, m->gid,
					m->has_mode ? m->mode : CACHE_MODE, '\n',
					*m->from ? begins : "", '\n', *m->from ? m->source : "");
	char hex[SHA256_TEXT_SIZE];

	sha256_hex(text, strlen(text), hex);
	return xstrdup(hex);
}

/* ---- Locks ---- */

static void keep_lock(struct run_step *s, int fd)
{
	s->locks = xreallocarray(s->locks, s->n_locks + 1, sizeof(*s->locks));
	s->locks[s->n_locks++] = fd;
}

static void tell_waiting(struct run_step *s, const struct run_mount *m)
{
	/* In front of the slash is a name of the build's, mostly none. */
	autofree char *text = xasprintf("waiting for cache mount '%s', which another step uses\n",
					m->id + (*m->id == '/'));

	s->log(s->log_ctx, RUN_STDERR, text, strlen(text));
}

/* A descriptor that is the lock; -EWOULDBLOCK with LOCK_NB. */
static int take_lock(struct run_step *s, const struct run_mount *m, int dirfd, const char *name,
		     int how, struct err *e)
{
	int fd = lock_wait_file(dirfd, name, how | LOCK_NB, -1, e);

	if (fd != -EWOULDBLOCK || (how & LOCK_NB))
		return fd;
	tell_waiting(s, m);
	return lock_wait_file(dirfd, name, how, s->env->cancelfd, e);
}

/* The number of the directory. */
static int lock_cache(struct run_step *s, const struct run_mount *m, int dirfd, struct err *e)
{
	bool own = m->sharing == SHARING_PRIVATE;
	int how = m->sharing == SHARING_SHARED ? LOCK_SH : LOCK_EX;

	for (int n = 0; n < CACHES_MAX; n++) {
		autofree char *name = xasprintf("%d.lock", n);
		int fd = take_lock(s, m, dirfd, name, own ? how | LOCK_NB : how, e);

		if (fd >= 0) {
			keep_lock(s, fd);
			return n;
		}
		if (fd != -EWOULDBLOCK)
			return fd;
	}
	return err_set(e, EBUSY, "more than %d steps use it at once", CACHES_MAX);
}

/* ---- What is in a new one ---- */

static int make_empty(int dirfd, const char *name, const struct run_mount *m, struct err *e)
{
	mode_t mode = m->has_mode ? m->mode : CACHE_MODE;

	if (mkdirat(dirfd, name, 0700) < 0)
		return err_sys(e, "make directory '%s'", name);
	if (fchownat(dirfd, name, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "give it to user %u", m->uid);
	if (fchmodat(dirfd, name, mode & 07777, 0) < 0)
		return err_sys(e, "set its mode");
	return 0;
}

static int copy_from(int dirfd, const char *name, const struct run_mount *m,
		     const struct step_tree *from, struct err *e)
{
	autofd int fromfd = -1;

	if (from->context)
		return run_context_copy(from->context, m->source, dirfd, name, e);
	fromfd = beneath_open(from->fd, *m->source ? m->source : "/", O_RDONLY | O_DIRECTORY, 0,
			      BENEATH_CHROOT, e);
	return fromfd < 0 ? fromfd : view_copy_tree(fromfd, ".", dirfd, name, true, e);
}

/* It appears whole: a kill leaves a directory that the next who has the lock makes anew. */
static int make_cache(int dirfd, const char *name, const struct run_mount *m,
		      const struct step_tree *from, struct err *e)
{
	autofree char *half = xasprintf("%s.new", name);
	int r = dir_remove_all_at(dirfd, half, e);

	if (r >= 0)
		r = from->fd < 0 ? make_empty(dirfd, half, m, e)
				 : copy_from(dirfd, half, m, from, e);
	if (r < 0)
		return r;
	if (renameat(dirfd, half, dirfd, name) < 0)
		return err_sys(e, "rename '%s'", half);
	return 0;
}

/* With `shared` others may be making it at this moment: one at a time. */
static int make_under_lock(int dirfd, const char *name, const struct run_mount *m,
			   const struct step_tree *from, struct err *e)
{
	autofd int lockfd =
		openat(dirfd, "make.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;
	int r;

	if (lockfd < 0)
		return err_sys(e, "open 'make.lock'");
	r = lock_wait(lockfd, LOCK_EX, -1, e);
	if (r < 0 || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return r;
	return make_cache(dirfd, name, m, from, e);
}

static int open_cache(int dirfd, int n, const struct run_mount *m, const struct step_tree *from,
		      struct err *e)
{
	autofree char *name = xasprintf("%d", n);
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(e, "open '%s'", name);
	r = make_under_lock(dirfd, name, m, from, e);
	return r < 0 ? r : dir_open_at(dirfd, name, e);
}

int run_cache_open(struct run_step *s, const struct run_mount *m, const struct step_tree *from,
		   struct err *e)
{
	autofree char *hash = hash_of(m, from);
	autofree char *path = xasprintf("%s/" RUN_CACHES "/%s", s->env->dir, hash);
	autofd int dirfd = -1, cachefd = -1;
	int n;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make directory '%s'", path);
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd < 0)
		return err_sys(e, "open '%s'", path);
	n = lock_cache(s, m, dirfd, e);
	if (n < 0)
		return err_wrap(e, n, "cache '%s'", m->id);
	cachefd = open_cache(dirfd, n, m, from, e);
	if (cachefd < 0)
		return err_wrap(e, cachefd, "cache '%s'", m->id);
	(void)futimens(cachefd, NULL); /* when it was last used */
	/* Without `from` the source is a directory of the cache. */
	if (*m->from || !*m->source || streq(m->source, "/"))
		return steal_fd(&cachefd);
	n = beneath_mkdir_p(cachefd, m->source, CACHE_MODE, BENEATH_CHROOT, e);
	return n < 0 ? err_wrap(e, n, "cache '%s'", m->id) : n;
}
