/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one container, or of one exec session, under conmon's command
 * line, as a matrix: in this state, on this event, do this and be in that
 * state.  The matrix of core/ is another one: there we call the runtime's start
 * and delete, here our caller does, and clears up after a failed create.  Pure.
 */
#ifndef SHIM_CONMON_STATE_H
#define SHIM_CONMON_STATE_H

#define LIFE_STATES(X)                                                                             \
	X(NEW, "new")                                                                              \
	X(WAITING, "waiting")     /* for the caller to attach */                                   \
	X(LAUNCHING, "launching") /* the runtime's create, exec or restore */                      \
	X(RUNNING, "running")     /* the process, created or started */                            \
	X(DELAYING, "delaying")   /* nothing; the exit command is not due yet */                   \
	X(HOOKED, "hooked")       /* the exit command */                                           \
	X(LINGERING, "lingering") /* nothing; somebody has not taken all output */                 \
	X(ENDED, "ended")

#define LIFE_EVENTS(X)                                                                             \
	X(BEGIN, "begin")                                                                          \
	X(GO, "caller says go")                                                                    \
	X(MADE, "runtime call succeeded")                                                          \
	X(FAILED, "failed")                                                                        \
	X(EXITED, "process exited")                                                                \
	X(TIMED_OUT, "timed out")                                                                  \
	X(DELAY_OVER, "delay over")                                                                \
	X(HOOK_ENDED, "exit command ended")                                                        \
	X(CAUGHT_UP, "clients caught up")

#define LIFE_ACTIONS(X)                                                                            \
	X(NONE, "none")                                                                            \
	X(WAIT, "wait") /* post GO when nobody has to be waited for */                             \
	X(LAUNCH, "launch")                                                                        \
	X(ADOPT, "adopt")                                                                          \
	X(FAIL, "fail")     /* tell the caller; then as after an exit */                           \
	X(RECORD, "record") /* output, exit files, exit code; then the delay */                    \
	X(KILL_RECORD, "kill, record")                                                             \
	X(RUN_HOOK, "run exit command")                                                            \
	X(LINGER, "linger") /* post CAUGHT_UP when nobody is behind */                             \
	X(STOP, "stop")

#define X(name, text) LIFE_##name,
enum life_state { LIFE_STATES(X) LIFE_STATE_COUNT };
#undef X
#define X(name, text) LIFE_EV_##name,
enum life_event { LIFE_EVENTS(X) LIFE_EVENT_COUNT };
#undef X
#define X(name, text) LIFE_DO_##name,
enum life_action { LIFE_ACTIONS(X) LIFE_ACTION_COUNT };
#undef X

struct life_cell {
	enum life_action action;
	enum life_state next;
};

struct life_cell life_cell(enum life_state state, enum life_event event);

const char *life_state_name(enum life_state s);
const char *life_event_name(enum life_event ev);
const char *life_action_name(enum life_action a);

#endif
