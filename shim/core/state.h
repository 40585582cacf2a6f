/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one supervised process, a container's first or one that was
 * exec'ed into it, as a matrix: in this state, on this event, do this and be in
 * that state.  Nothing else changes the state.  Pure.
 */
#ifndef SHIM_CORE_STATE_H
#define SHIM_CORE_STATE_H

#include <stdbool.h>

/* What runs at the moment. */
#define PROCESS_STATES(X)                                                                          \
	X(NEW, "new")                                                                              \
	X(CREATING, "creating")        /* the runtime's create */                                  \
	X(CREATED, "created")          /* the container's first process, waiting for start */      \
	X(STARTING, "starting")        /* the runtime's start */                                   \
	X(OUTRUN, "outrun")            /* the runtime's start; the process has ended already */    \
	X(LAUNCHING, "launching")      /* the runtime's exec or restore */                         \
	X(RUNNING, "running")          /* the process, no runtime */                               \
	X(STOPPED, "stopped")          /* nothing; how it ended is known */                        \
	X(DELETING, "deleting")        /* the runtime's delete */                                  \
	X(DISCARDING, "being deleted") /* the runtime's delete --force of a created one */         \
	X(DISCARDED, "ended while being deleted") /* the same; its process has ended */            \
	X(ABANDONING, "abandoning") /* a runtime that was killed because nobody wants it now */    \
	X(UNDOING, "undoing")       /* the runtime's delete --force after a failure */             \
	X(FAILED, "failed")         /* nothing, and nothing is left */                             \
	X(DELETED, "deleted")

#define PROCESS_EVENTS(X)                                                                          \
	X(CREATE, "create") /* CREATE, START, DELETE, ABANDON: the front asks */                   \
	X(START, "start")                                                                          \
	X(DELETE, "delete")                                                                        \
	X(ABANDON, "abandon")                                                                      \
	X(STARTED, "started by another") /* somebody else called the runtime's start */            \
	X(CALL_OK, "runtime call succeeded")                                                       \
	X(CALL_FAILED, "runtime call failed")                                                      \
	X(EXITED, "process exited")

#define PROCESS_ACTIONS(X)                                                                         \
	X(NONE, "none")                                                                            \
	X(REFUSE, "refuse")                                                                        \
	X(CREATE, "create")                                                                        \
	X(ADOPT, "adopt") /* know the created process, tell the front */                           \
	X(START, "start")                                                                          \
	X(LAUNCH, "launch") /* exec or restore */                                                  \
	X(ADOPT_STARTED, "adopt started")                                                          \
	X(TELL_STARTED, "tell started")                                                            \
	X(TELL_START_FAILED, "tell start failed")                                                  \
	X(TELL_EXITED, "tell exited")                                                              \
	X(TELL_STARTED_EXITED, "tell started, exited")                                             \
	X(TELL_FAILED_EXITED, "tell start failed, exited")                                         \
	X(DELETE, "delete")                                                                        \
	X(DELETE_FORCE, "delete --force")                                                          \
	X(TELL_DELETED, "tell deleted")                                                            \
	X(TELL_DELETE_FAILED, "tell delete failed")                                                \
	X(TELL_DELETE_FAILED_EXITED, "tell delete failed, exited")                                 \
	X(KILL_CALL, "kill call")                                                                  \
	X(UNDO, "undo") /* keep the first error, delete --force */                                 \
	X(TELL_FAILED, "tell failed")

#define X(name, text) PROCESS_##name,
enum process_state { PROCESS_STATES(X) PROCESS_STATE_COUNT };
#undef X
#define X(name, text) PROCESS_EV_##name,
enum process_event { PROCESS_EVENTS(X) PROCESS_EVENT_COUNT };
#undef X
#define X(name, text) PROCESS_DO_##name,
enum process_action { PROCESS_ACTIONS(X) PROCESS_ACTION_COUNT };
#undef X

struct process_cell {
	enum process_action action;
	enum process_state next;
};

/* What a front asks for and the state does not allow has the action REFUSE. */
struct process_cell process_cell(enum process_state state, enum process_event event);

const char *process_state_name(enum process_state s);
const char *process_event_name(enum process_event ev);
const char *process_action_name(enum process_action a);

#endif
