/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conmon's command line, so that Podman and CRI-O take creel-shim by its path.
 * One container, or one exec session of it, a process:
 *
 *     start-up   options, logs; the caller's word on the start pipe; into the background
 *     launch     the runtime's create, exec or restore; its process id on the sync pipe
 *     life       output, clients, orders on FIFOs, sd_notify, want of memory
 *     end        exit files, exit code on the sync pipe (exec), exit command
 */
#ifndef SHIM_CONMON_CONMON_H
#define SHIM_CONMON_CONMON_H

#include "libutil/verb.h"
#include "shim/cgroup/oom.h"
#include "shim/conmon/control.h"
#include "shim/conmon/inherited.h"
#include "shim/conmon/launch.h"
#include "shim/conmon/notify.h"
#include "shim/conmon/pipes.h"
#include "shim/conmon/state.h"
#include "shim/conmon/traffic.h"

/* What the --version line claims: callers ask for 2.0.1 and more. */
#define CONMON_VERSION "2.2.1"

/* Our own exit status when it was not the container that failed. */
#define CONMON_FAILED 1

struct conmon {
	struct conmon_opts o;
	struct arena a; /* owns texts that no option gave */
	struct inherited inherited;
	struct pipes pipes;
	struct oom_score score;
	enum life_state state;
	struct loop loop;
	struct reaper reaper;
	struct traffic traffic;
	struct control control;
	struct notify notify;
	struct oom_watch oom;
	struct loop_source start_src; /* the start pipe */
	int bundlefd;                 /* -1: nobody attaches */
	int timerfd;                  /* --timeout, then --exit-delay; -1: neither */
	struct loop_source timer_src;

	struct launch launch;
	struct child process;
	struct child hook;
	struct err failure;
	int status; /* ours at the end: the process's, or 1, or the exit command's */
};

/* From the loop's beginning to its end.  What the options say and the caller's pipes are there; the
 * exit status is returned. */
int conmon_run(struct conmon *c);

/* Standard input, output and error lead nowhere from now on. */
void conmon_leave_stdio(void);

/* From options to the end.  Returns the exit status, or a negative errno: nothing has begun. */
int conmon_serve(const struct conmon_opts *o, struct err *e);
extern const struct verb verb_conmon;

/* The whole program.  Returns its exit status. */
int conmon_main(char *const *argv);
/* Is it conmon that is called?  By the program's name, or by an option of conmon's in the place of
 * a verb.  Pure. */
bool conmon_is_called(char *const *argv, const struct opt *own_globals);

/* Lines for --version: conmon's first, then our own. */
void conmon_version(struct strbuf *out);

/* ---- between the files of this room ---- */

/* life.c: what happened; looks up the cell and performs its action. */
void conmon_post(struct conmon *c, enum life_event ev);

#endif
