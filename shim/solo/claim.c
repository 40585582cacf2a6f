/* SPDX-License-Identifier: Apache-2.0 */
/* The record's directory and files: made, taken over, given back. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "shim/record/entry.h"
#include "shim/record/reserve.h"
#include "shim/solo/solo.h"

static int claim_id(struct solo *s, struct err *e)
{
	autofree char *state = path_parent(s->dir);
	int r = dir_make_all_at(AT_FDCWD, state, 0700, e);

	if (r < 0)
		return r;
	if (mkdir(s->dir, 0700) < 0)
		return errno == EEXIST ? entry_in_use(state, s->rec.id, e)
				       : err_sys(e, "make '%s'", s->dir);
	s->claimed = true;
	s->dirfd = dir_open_at(AT_FDCWD, s->dir, e);
	return s->dirfd;
}

static int make_files(struct solo *s, struct err *e)
{
	int r = claim_id(s, e);

	if (r < 0)
		return r;
	s->exitfd = reserve_make(s->dirfd, RECORD_EXIT_OPEN, EXIT_RECORD_MAX, e);
	if (s->exitfd < 0)
		return s->exitfd;
	s->problemfd = reserve_make(s->dirfd, RECORD_PROBLEM, RECORD_PROBLEM_MAX, e);
	return s->problemfd;
}

/* ---- of a container that had ended ---- */

/* Whoever renames the exit record has the container; who waits for an exit finds none in it. */
static int take_exit(struct solo *s, struct err *e)
{
	int r = file_read_at(s->dirfd, RECORD_EXIT, EXIT_RECORD_MAX, &s->old_exit, NULL, e);

	if (r < 0)
		return r;
	s->exitfd = openat(s->dirfd, RECORD_EXIT, O_WRONLY | O_CLOEXEC);
	if (s->exitfd < 0)
		return err_sys(e, "open '%s'", RECORD_EXIT);
	if (renameat(s->dirfd, RECORD_EXIT, s->dirfd, RECORD_EXIT_OPEN) < 0)
		return err_sys(e, "take '%s'", RECORD_EXIT);
	s->claimed = true;
	if (ftruncate(s->exitfd, 0) < 0)
		return err_sys(e, "empty '%s'", RECORD_EXIT_OPEN);
	return 0;
}

/* What belongs to its last life. */
static void remove_remains(struct solo *s)
{
	static const char *const names[] = { RECORD_ATTACH, RECORD_CTL, RECORD_PID,
					     RECORD_RUNTIME_LOG, RECORD_REQUEST };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(s->dirfd, names[i], 0);
}

static int take_files(struct solo *s, struct err *e)
{
	int r;

	s->dirfd = dir_open_at(AT_FDCWD, s->dir, e);
	if (s->dirfd < 0)
		return s->dirfd;
	r = take_exit(s, e);
	if (r < 0)
		return r;
	remove_remains(s);
	s->problemfd = openat(s->dirfd, RECORD_PROBLEM, O_WRONLY | O_TRUNC | O_CLOEXEC);
	return s->problemfd < 0 ? err_sys(e, "open '%s'", RECORD_PROBLEM) : 0;
}

static void give_back(struct solo *s)
{
	if (!s->claimed)
		return;
	(void)reserve_commit(s->exitfd, s->dirfd, RECORD_EXIT_OPEN, RECORD_EXIT, s->old_exit,
			     strlen(s->old_exit), NULL);
}

/* ---- both ---- */

static int open_log(struct solo *s, struct err *e)
{
	const struct record *rec = &s->rec;
	struct logset_opts o = {
		.limits = { .max_size = rec->log_max_size.v,
			    .max_files = (unsigned)rec->log_max_files.v },
		.source = { .id = rec->id, .name = rec->id, .tag = rec->log_tag },
	};
	auto_(strv) struct strv labels = { 0 };
	autofree char *spec =
		xasprintf("%s:%s", record_log_driver(rec), rec->log_path ? rec->log_path : "");

	for (size_t i = 0; i < rec->log_labels.n; i++)
		strv_add(&labels, rec->log_labels.items[i]);
	o.source.labels = strv_argv(&labels);
	return logset_add(&s->log, spec, &o, e);
}

/* All files before state.json: see record.h. */
int solo_make_record(struct solo *s, struct err *e)
{
	int r = s->again ? take_files(s, e) : make_files(s, e);

	if (r >= 0)
		r = open_log(s, e);
	if (r >= 0)
		r = record_proc_set(&s->rec.supervisor, getpid(), e);
	return r < 0 ? r : record_write(s->dirfd, &s->rec, e);
}

void solo_remove_record(struct solo *s)
{
	struct entry en = {
		.dirfd = -1,
		.supervisor = -1,
		.exitfd = -1,
		.id = s->rec.id,
		.path = s->dir,
	};

	/* Nobody is left to hear of a failure; `list` shows what remains. */
	if (s->claimed)
		(void)entry_remove(&en, NULL);
}

void solo_undo_record(struct solo *s)
{
	if (s->again) {
		give_back(s);
		return;
	}
	logset_remove_made(&s->log);
	solo_remove_record(s);
}
