/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front of `creel-shim run`: one container, kept in a record (record.h).
 *
 *     create -> start -> tell the caller -> exit recorded -> delete -> last output -> end
 *        ^                                                                         |
 *        +---- pause <--- as the restart policy says, or because somebody asked ---+
 *
 * Its exit is recorded when no further life follows.
 */
#ifndef SHIM_SOLO_SOLO_H
#define SHIM_SOLO_SOLO_H

#include "libutil/parse.h"
#include "shim/core/process.h"
#include "shim/io/clients.h"
#include "shim/io/input.h"
#include "shim/io/output.h"
#include "shim/io/terminal.h"
#include "shim/log/logset.h"
#include "shim/record/exit_record.h"
#include "shim/record/record.h"
#include "shim/record/request.h"
#include "shim/solo/restart.h"

struct solo;

/* The caller of `run`, who waits to hear how the start went. */
struct solo_caller {
	/* `why` NULL: the container runs.  Once. */
	void (*told)(struct solo *s, const struct err *why);
	/* All is over, the record is still there. */
	void (*ended)(struct solo *s);
};

struct solo {
	struct loop loop;
	struct reaper reaper;
	struct container container;
	struct process init;
	const struct solo_caller *caller;
	void *ctx; /* the caller's */

	struct arena a; /* owns the texts */
	struct record rec;
	bool claimed;    /* the record's directory is ours */
	const char *dir; /* the record's directory, absolute */
	int dirfd;
	int exitfd;    /* the reserved exit file */
	int problemfd; /* the reserved problem file */

	struct output output;
	struct input input;
	struct terminal terminal;
	struct clients clients;
	struct logset log;
	bool told;           /* caller->told was called */
	bool draining;       /* only the last of the output is waited for */
	bool lost_noted;     /* in the problem file */
	bool leftover;       /* the runtime could not delete the container */
	struct err *failure; /* owned: why the start failed */

	/* life.c */
	struct restart_policy policy;
	struct restart_history history;
	struct request request; /* that is being met */
	bool stopped;           /* somebody sent us a signal that ends programs */
	int64_t next_ms;        /* the next life begins then; RESTART_NEVER */
	bool pausing;           /* until then */
	struct timespec born;   /* CLOCK_MONOTONIC */
	char born_text[TIME_TEXT_SIZE];
	struct arena life;       /* owns the texts of `last` */
	struct exit_record last; /* how it ended last */
	int timerfd;             /* -1 when there is nothing to wait for */
	struct loop_source timer_src;

	/* claim.c */
	bool again;     /* the record was there: of a container that had ended */
	char *old_exit; /* owned: how that was, until it runs again */
};

/* Claim the id by making `dir` (STATE/ID) and get ready for what `wanted` says, whose strings must
 * stay.  With `again` the record is there, of a container that has ended.  On failure all is as
 * before.  The caller hears from solo_run(). */
int solo_init(struct solo *s, const char *dir, const struct record *wanted, bool again,
	      const struct solo_caller *caller, void *ctx, struct err *e);
/* From create to the end. */
int solo_run(struct solo *s, struct err *e);
void solo_done(struct solo *s);

/* The caller went away before it was told: nobody wants the container. */
void solo_caller_gone(struct solo *s);
/* Take the record away. */
void solo_remove_record(struct solo *s);

/* ---- between the files of this room ---- */

/* front.c */
extern const struct process_front solo_front;
/* Output came to its end: nobody can write any more. */
void solo_output_ended(struct solo *s);

/* stdio.c: what the container's create gets as its descriptors. */
int solo_open_stdio(struct process *p, int stdio[3], struct err *e);
int solo_take_terminal(struct process *p, int master, struct err *e);
/* output.sink: to the log, then to whoever is attached. */
void solo_take_output(void *solo, enum stream tag, const char *data, size_t len);
/* The log cannot be written, or was not: say so in the record, once while it happens, once at the
 * end. */
void solo_note_lost(struct solo *s, bool final);

/* life.c: what a person asked for, when SIGUSR1 says that there is something, and when it can be
 * met. */
void solo_take_request(struct solo *s);
void solo_act_on_request(struct solo *s);
void solo_life_began(struct solo *s);
/* It ended, or could not be started another time: note how, and decide on s->next_ms. */
void solo_life_ended(struct solo *s);
void solo_life_failed(struct solo *s, const struct err *why);
void solo_save_exit(struct solo *s);
/* Wait for the next life; or do not. */
void solo_pause(struct solo *s);
void solo_end_pause(struct solo *s);
void solo_timer_done(struct solo *s);

/* front.c */
void solo_create_again(struct solo *s);
void solo_finish(struct solo *s);

/* claim.c: make the record's directory and files ours. */
int solo_make_record(struct solo *s, struct err *e);
/* Nothing was started: as it was before us. */
void solo_undo_record(struct solo *s);

/* solo.c */
void solo_reset_input(struct solo *s);
/* Add a line to the record's problem file. */
void solo_note_problem(struct solo *s, const char *fmt, ...) PRINTF(2, 3);

#endif
