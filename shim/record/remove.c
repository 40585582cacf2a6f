/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/ids.h"
#include "libutil/path.h"
#include "libutil/sys.h"
#include "shim/record/entry.h"
#include "shim/record/request.h"

/* Long enough for a runtime's delete on a busy machine. */
#define END_TIMEOUT_MS 30000
/* A runtime that hangs must not make `rm --force` hang. */
#define DELETE_TIMEOUT_MS 30000

/* Records on their way out get a name no container can have: nobody sees half of one. */
#define REMOVED_PREFIX ".rm-"
#define REMOVED_DIGITS 16

static int remove_leftover(int dirfd, const char *name, unsigned char d_type UNUSED,
			   void *ctx UNUSED, struct err *e UNUSED)
{
	/* A leftover that cannot go now is tried again by the next removal. */
	if (starts_with(name, REMOVED_PREFIX))
		(void)dir_remove_all_at(dirfd, name, NULL);
	return 0;
}

int entry_remove(struct entry *en, struct err *e)
{
	char name[sizeof(REMOVED_PREFIX) + REMOVED_DIGITS] = REMOVED_PREFIX;
	autofree char *state = path_parent(en->path);
	autofd int statefd = dir_open_at(AT_FDCWD, state, e);
	int r;

	if (statefd < 0)
		return statefd;
	r = id_random(name + sizeof(REMOVED_PREFIX) - 1, REMOVED_DIGITS, e);
	if (r < 0)
		return r;
	/* ENOENT: the supervisor of a container that removes itself was faster. */
	if (renameat(statefd, en->id, statefd, name) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s'", en->path);
	r = dir_remove_all_at(statefd, name, e);
	if (r < 0)
		return r;
	return dir_each(statefd, remove_leftover, NULL, e);
}

static int kill_and_wait(struct entry *en, int pidfd, const char *what, struct err *e)
{
	int r;

	if (sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return err_sys(e, "kill the %s of '%s'", what, en->id);
	r = entry_wait_supervisor(en, END_TIMEOUT_MS, e);
	return r;
}

/* The regular way out: the container is killed and its supervisor does what it does at every exit.
 */
static int end_container(struct entry *en, struct err *e)
{
	const struct request stop = { REQUEST_STOP, SIGKILL, -1 };
	autofd int pidfd = record_proc_open(&en->rec->container, e);

	/* So that no further life follows; a supervisor that does not listen is killed below. */
	if (!en->exit && en->rec->restart)
		(void)request_send(en, &stop, NULL);
	if (pidfd == -ESRCH && en->status == ENTRY_RESTARTING)
		return entry_wait_supervisor(en, END_TIMEOUT_MS, e);
	if (pidfd == -ESRCH)
		return entry_wait_supervisor(en, en->exit ? END_TIMEOUT_MS : 0, e);
	return pidfd < 0 ? pidfd : kill_and_wait(en, pidfd, "container", e);
}

static int end_supervisor(struct entry *en, struct err *e)
{
	int r = end_container(en, e);

	if (r != 0)
		return r;
	r = kill_and_wait(en, en->supervisor, "supervisor", e);
	if (r == 0)
		return err_set(e, ETIMEDOUT, "the supervisor of '%s' does not end", en->id);
	return r;
}

/* Did the supervisor note that the runtime's delete failed? */
static bool was_left_over(const struct entry *en)
{
	autofree char *text = NULL;
	const char *name = runtime_verb_name(RUNTIME_DELETE);

	if (file_read_at(en->dirfd, RECORD_PROBLEM, RECORD_PROBLEM_MAX, &text, NULL, NULL) < 0)
		return true;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (starts_with(line, name) && line[strlen(name)] == ':')
			return true;
	}
	return false;
}

/* A supervisor that ended well has had the runtime delete the container; the id may be someone
 * else's container by now, so the runtime is called only when something is left to clean up. */
static bool needs_delete(const struct entry *en)
{
	if (faccessat(en->dirfd, RECORD_EXIT, F_OK, 0) == 0)
		return was_left_over(en);
	/* No exit and no record: it was removed meanwhile, by a container that does so itself. */
	return faccessat(en->dirfd, RECORD_STATE, F_OK, 0) == 0;
}

/* Have the runtime remove whatever it still knows of the container, however that is. */
static int delete_container(const struct record *rec, struct err *e)
{
	struct runtime rt;
	struct runtime_ask ask = { .id = rec->id, .force = true };

	record_runtime(rec, &rt);
	return runtime_run(&rt, RUNTIME_DELETE, &ask, DELETE_TIMEOUT_MS, e);
}

int entry_remove_forced(struct entry *en, struct err *e)
{
	int r = 0;

	if (!en->rec)
		return entry_remove(en, e);
	if (en->supervisor >= 0)
		r = end_supervisor(en, e);
	if (r < 0)
		return r;
	if (needs_delete(en)) {
		r = delete_container(en->rec, e);
		if (r < 0)
			return r;
	}
	return entry_remove(en, e);
}
