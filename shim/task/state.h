/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a supervised container as a matrix: in this state, on this event,
 * do this and be in that state.  Nothing else changes the state.  Pure.
 */
#ifndef SHIM_TASK_STATE_H
#define SHIM_TASK_STATE_H

/* What runs at the moment. */
#define TASK_STATES(X)                                                                             \
	X(NEW, "new")                                                                              \
	X(CREATING, "creating")     /* the runtime's create */                                     \
	X(STARTING, "starting")     /* the runtime's start */                                      \
	X(OUTRUN, "outrun")         /* the runtime's start; the container has ended already */     \
	X(RUNNING, "running")       /* the container, no runtime */                                \
	X(DELETING, "deleting")     /* the runtime's delete, after the exit was recorded */        \
	X(DRAINING, "draining")     /* nothing of ours, but somebody holds the output open */      \
	X(ABANDONING, "abandoning") /* a runtime that was killed because the caller went away */   \
	X(UNDOING, "undoing")       /* the runtime's delete --force after a failure */             \
	X(ENDED, "ended")

#define TASK_EVENTS(X)                                                                             \
	X(BEGIN, "begin")                                                                          \
	X(CALL_OK, "runtime call succeeded")                                                       \
	X(CALL_FAILED, "runtime call failed")                                                      \
	X(INIT_EXITED, "container exited")                                                         \
	X(OUTPUT_ENDED, "output ended") /* nobody can write any more */                            \
	X(CALLER_GONE, "caller gone")   /* before it was told how the start went */

#define TASK_ACTIONS(X)                                                                            \
	X(NONE, "none")                                                                            \
	X(CREATE, "create")                                                                        \
	X(START, "start") /* adopt the created container, then start it */                         \
	X(REPORT_STARTED, "report started")                                                        \
	X(KEEP_STATUS, "keep status")     /* collect the exit status, report later */              \
	X(RECORD_EXIT, "record exit")     /* report started if not yet, collect, record, delete */ \
	X(DRAIN, "drain")                 /* read what is there; may post OUTPUT_ENDED */          \
	X(NOTE_LEFTOVER, "note leftover") /* delete failed: say so in the record, then drain */    \
	X(KILL_CALL, "kill call")                                                                  \
	X(UNDO, "undo")                   /* keep the first error, delete --force */               \
	X(REPORT_FAILED, "report failed") /* remove the record, tell the caller, end */            \
	X(FINISH, "finish")               /* nothing more comes: close, end */

#define X(name, text) TASK_##name,
enum task_state { TASK_STATES(X) TASK_STATE_COUNT };
#undef X
#define X(name, text) TASK_EV_##name,
enum task_event { TASK_EVENTS(X) TASK_EVENT_COUNT };
#undef X
#define X(name, text) TASK_DO_##name,
enum task_action { TASK_ACTIONS(X) TASK_ACTION_COUNT };
#undef X

struct task_cell {
	enum task_action action;
	enum task_state next;
};

struct task_cell task_cell(enum task_state state, enum task_event event);

const char *task_state_name(enum task_state s);
const char *task_event_name(enum task_event ev);
const char *task_action_name(enum task_action a);

#endif
