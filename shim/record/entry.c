/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/record/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/ids.h"
#include "libutil/proc.h"

const char *entry_status_text(enum entry_status s)
{
	static const char *const text[] = {
		[ENTRY_CREATING] = "creating",
		[ENTRY_RUNNING] = "running",
		[ENTRY_RESTARTING] = "restarting",
		[ENTRY_EXITED] = "exited",
		[ENTRY_LOST] = "lost",
	};

	return text[s];
}

static int read_exit(struct entry *en, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_at(en->dirfd, RECORD_EXIT, EXIT_RECORD_MAX, &text, &len, e);

	if (r < 0)
		return r;
	return exit_record_decode(text, len, &en->a, &en->exit, e);
}

/* The same file has two names in its life; between the two looks it may be renamed. */
static int open_exit(int dirfd)
{
	int fd = openat(dirfd, RECORD_EXIT_OPEN, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : openat(dirfd, RECORD_EXIT, O_RDONLY | O_CLOEXEC);
}

static int damaged(struct entry *en, const struct err *why)
{
	en->damage = arena_strdup(&en->a, why->msg);
	en->status = ENTRY_LOST;
	return 0;
}

/* The supervisor is looked at before the exit file: one that is gone by then has written what it
 * would. */
static int judge(struct entry *en, struct err *e)
{
	int r = record_proc_open(&en->rec->supervisor, e);

	if (r < 0 && r != -ESRCH)
		return r;
	en->supervisor = r >= 0 ? r : -1;
	en->exitfd = open_exit(en->dirfd);
	r = read_exit(en, e);
	if (r < 0 && r != -ENOENT)
		return damaged(en, e);
	if (en->exit)
		en->status = ENTRY_EXITED;
	else if (en->supervisor < 0)
		en->status = ENTRY_LOST;
	else if (en->rec->restarting)
		en->status = ENTRY_RESTARTING;
	else
		en->status = en->rec->container.pid.set ? ENTRY_RUNNING : ENTRY_CREATING;
	return 0;
}

static int read_all(struct entry *en, struct err *e)
{
	struct err why = { 0 };
	int r = record_read(en->dirfd, &en->a, &en->rec, &why);

	if (r >= 0)
		return judge(en, e);
	/* The supervisor died, or was about to write it: nothing was started. */
	if (r == -ENOENT) {
		en->status = ENTRY_LOST;
		return 0;
	}
	return damaged(en, &why);
}

static int open_entry(struct entry *en, const char *state, const char *id, struct err *e)
{
	int r = id_check(id, e);

	if (r < 0)
		return r;
	en->id = arena_strdup(&en->a, id);
	en->path = arena_printf(&en->a, "%s/%s", state, id);
	en->dirfd = dir_open_at(AT_FDCWD, en->path, e);
	if (en->dirfd == -ENOENT) {
		err_clear(e);
		return err_set(e, ENOENT, "no container '%s' in '%s'", id, state);
	}
	return en->dirfd < 0 ? en->dirfd : read_all(en, e);
}

int entry_open(struct entry *en, const char *state, const char *id, struct err *e)
{
	struct err own = { 0 };
	int r;

	*en = (struct entry){ .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	r = open_entry(en, state, id, &own);
	if (r >= 0)
		return 0;
	if (e)
		*e = own;
	entry_done(en);
	return r;
}

void entry_done(struct entry *en)
{
	if (en->dirfd >= 0)
		(void)close(en->dirfd);
	if (en->supervisor >= 0)
		(void)close(en->supervisor);
	if (en->exitfd >= 0)
		(void)close(en->exitfd);
	arena_done(&en->a);
	*en = (struct entry){ .dirfd = -1, .supervisor = -1, .exitfd = -1 };
}

int entry_in_use(const char *state, const char *id, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };

	if (entry_open(&en, state, id, NULL) < 0)
		return err_set(e, EEXIST, "the id is in use");
	return err_set(e, EEXIST, "the id is in use (%s); 'creel-shim rm %s%s' frees it",
		       entry_status_text(en.status), en.status == ENTRY_EXITED ? "" : "--force ",
		       id);
}

int entry_lost(const struct entry *en, struct err *e)
{
	if (en->damage)
		return err_set(e, EBADMSG,
			       "the record is damaged: %s; 'creel-shim rm --force %s' removes it",
			       en->damage, en->id);
	return err_set(e, EOWNERDEAD,
		       "the supervisor of '%s' ended before the container's exit was recorded; "
		       "'creel-shim rm --force %s' cleans up",
		       en->id, en->id);
}

/* Wait for something to happen in the record or to the supervisor: 1 when that has ended. */
static int wait_change(int inotifyfd, int supervisor, int timeout_ms, struct err *e)
{
	struct pollfd p[2] = { { .fd = inotifyfd, .events = POLLIN },
			       { .fd = supervisor, .events = POLLIN } };
	char drop[4096];
	int n = poll(p, 2, timeout_ms);

	if (n < 0 && errno != EINTR)
		return err_sys(e, "wait for the container");
	if (n == 0)
		return err_set(e, ETIMEDOUT, "the supervisor takes too long");
	if (p[0].revents)
		(void)!read(inotifyfd, drop, sizeof(drop)); /* what it was is looked up afresh */
	return p[1].revents != 0;
}

/* Decode the exit file we hold, wherever that is now: 1 when it is recorded, 0 when not yet.  What
 * is in it counts when its first name is gone: until then others do not know it, and it may also be
 * what a new life is about to empty. */
static int exit_of_fd(struct entry *en, struct err *e)
{
	char text[EXIT_RECORD_MAX];
	ssize_t n;
	int r;

	if (faccessat(en->dirfd, RECORD_EXIT_OPEN, F_OK, 0) == 0)
		return 0;
	n = pread(en->exitfd, text, sizeof(text), 0);
	if (n < 0)
		return err_sys(e, "read the exit record of '%s'", en->id);
	if (n == 0 || text[n - 1] != '\n')
		return 0;
	r = exit_record_decode(text, (size_t)n, &en->a, &en->exit, e);
	return r < 0 ? r : 1;
}

int entry_wait_exit(struct entry *en, struct exit_record **ret, struct err *e)
{
	autofd int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	bool ended = en->supervisor < 0;
	int r = 0;

	if (en->exitfd < 0 && !en->exit)
		return entry_lost(en, e);
	if (in < 0)
		return err_sys(e, "watch '%s'", en->path);
	/* An error here means the directory is gone already; the loop then looks at the file once.
	 */
	if (!en->exit && inotify_add_watch(in, en->path, IN_MOVED_TO | IN_ONLYDIR) < 0)
		ended = true;
	while (!en->exit) {
		r = exit_of_fd(en, e);
		if (r != 0)
			break;
		if (ended)
			return entry_lost(en, e);
		r = wait_change(in, en->supervisor, -1, e);
		if (r < 0)
			break;
		ended = r > 0;
	}
	if (r < 0)
		return r;
	*ret = en->exit;
	return 0;
}

/* One that is created waits to be started, unless it has ended since; times are texts of one
 * length. */
static bool has_begun(const struct record *now)
{
	if (!now->restarting)
		return true;
	return now->started && now->last_exited_at &&
	       strcmp(now->started, now->last_exited_at) <= 0;
}

/* Does the record tell of a container that runs, or did, and that is another one? */
static int is_new_life(const struct entry *en, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct record *now = NULL;
	int r = record_read(en->dirfd, &a, &now, e);

	if (r < 0)
		return r;
	return has_begun(now) && now->container.pid.set &&
	       (now->container.pid.v != en->rec->container.pid.v ||
		now->container.start.v != en->rec->container.start.v);
}

int entry_wait_life(struct entry *en, int timeout_ms, struct err *e)
{
	autofd int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int r;

	if (in < 0 || inotify_add_watch(in, en->path, IN_MOVED_TO | IN_ONLYDIR) < 0)
		return err_sys(e, "watch '%s'", en->path);
	for (;;) {
		r = is_new_life(en, e);
		if (r != 0)
			return r < 0 ? r : 0;
		r = wait_change(in, en->supervisor, timeout_ms, e);
		if (r < 0)
			return r;
		if (r > 0)
			return err_set(e, ECHILD, "it ended, and was not started again");
	}
}

int entry_wait_supervisor(struct entry *en, int timeout_ms, struct err *e)
{
	return en->supervisor < 0 ? 1 : proc_wait_pidfd(en->supervisor, timeout_ms, e);
}
