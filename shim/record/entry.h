/* SPDX-License-Identifier: Apache-2.0 */
/* A container's record as another program sees it: read, judged, waited for, removed. */
#ifndef SHIM_RECORD_ENTRY_H
#define SHIM_RECORD_ENTRY_H

#include "libutil/cleanup.h"
#include "shim/record/exit_record.h"
#include "shim/record/record.h"

enum entry_status {
	ENTRY_CREATING, /* the runtime has not reported the container yet */
	ENTRY_RUNNING,
	ENTRY_RESTARTING, /* it has ended, and is started again in a while */
	ENTRY_EXITED,     /* the exit is recorded */
	ENTRY_LOST,       /* the supervisor is gone and recorded no exit */
};

const char *entry_status_text(enum entry_status s);

struct entry {
	int dirfd;
	int supervisor; /* pidfd, -1 when it has ended */
	int exitfd;     /* the exit file, recorded or still empty; stays readable when the record is
			   removed; -1 when there is none */
	struct arena a; /* owns what follows */
	const char *id;
	const char *path;
	struct record *rec;       /* NULL: none was written, or it is damaged */
	struct exit_record *exit; /* NULL: not recorded */
	const char *damage;       /* why a file of the record cannot be understood, or NULL */
	enum entry_status status;
};

/* Read STATE/ID.  -ENOENT with a message that says so when there is no such record.  A damaged one
 * is opened as lost, so that it can be removed. */
int entry_open(struct entry *en, const char *state, const char *id, struct err *e);
void entry_done(struct entry *en);
AUTO_DEFINE_DONE(entry, entry_done)

/* Wait until the exit is recorded; -EOWNERDEAD when the supervisor ended without.  *ret belongs to
 * the entry. */
int entry_wait_exit(struct entry *en, struct exit_record **ret, struct err *e);
/* Wait until the container runs in another life than the one the entry knows; timeout as below.
 * -ECHILD when it ended for good instead, -ETIMEDOUT. */
int entry_wait_life(struct entry *en, int timeout_ms, struct err *e);
/* Wait until the supervisor has ended, timeout in ms, -1 for ever.  1 when it has, 0 on timeout. */
int entry_wait_supervisor(struct entry *en, int timeout_ms, struct err *e);
/* The error everybody gives for a lost container.  Returns -EOWNERDEAD. */
int entry_lost(const struct entry *en, struct err *e);

/* The error of an id that is taken.  Returns -EEXIST. */
int entry_in_use(const char *state, const char *id, struct err *e);

/* Remove the record; the caller made sure that nobody works in it. */
int entry_remove(struct entry *en, struct err *e);
/* End the container and its supervisor, have the runtime clean up, remove the record. */
int entry_remove_forced(struct entry *en, struct err *e);

#endif
