/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one process: its output to the logs, then to whoever is
 * attached; their input to it.
 *
 * A client that reads slowly holds up the output, and so the process, as it
 * does with conmon: it may be the only one who ever sees it (exec sessions have
 * no log).  But it does not hold up us: orders, signals and the exit are served
 * all the same, and what a pipe still held at the exit is kept for it.
 */
#ifndef SHIM_CONMON_TRAFFIC_H
#define SHIM_CONMON_TRAFFIC_H

#include "shim/conmon/options.h"
#include "shim/io/clients.h"
#include "shim/io/ctl.h"
#include "shim/io/output.h"
#include "shim/log/logset.h"

/* What the runtime prints before it has succeeded is kept, up to this, to be the caller's message
 * if it fails. */
#define TRAFFIC_EARLY_MAX ((size_t)8 << 10)
#define TRAFFIC_CLIENTS   256

struct traffic {
	struct loop *loop;
	const struct conmon_opts *o;
	struct logset log;
	struct output output;
	struct input input;
	struct clients clients;
	struct strbuf early; /* standard error so far */
	bool is_early;
	int master; /* of the terminal, for its size; -1: none */
	bool told_loss;
	void (*caught_up)(void *ctx);
	void *ctx;
};

/* Open the logs: before we are in the background, so that a failure can be seen. */
int traffic_init(struct traffic *t, const struct conmon_opts *o, struct err *e);
void traffic_done(struct traffic *t);

int traffic_start(struct traffic *t, struct loop *loop, void (*caught_up)(void *ctx), void *ctx,
		  struct err *e);
/* Let clients come, by a socket in the bundle. */
int traffic_listen(struct traffic *t, int bundlefd, struct err *e);
/* Make the process's descriptors; the caller closes them after the launch. */
int traffic_give(struct traffic *t, int stdio[3], struct err *e);
/* The runtime has succeeded: what it printed is the process's output.  `master` is taken, -1: no
 * terminal. */
int traffic_go(struct traffic *t, int master, struct err *e);
/* The runtime has failed: what it printed, "" if nothing. */
const char *traffic_early(struct traffic *t);

void traffic_resize(struct traffic *t, struct ctl_size size);
/* Somebody has renamed the log files, or wants them rotated. */
void traffic_reopen(struct traffic *t);

/* The process has ended: everything that it wrote goes to the logs and their disk, and nothing is
 * read after that.  `drain` is false after a timeout: others may go on writing. */
void traffic_end(struct traffic *t, bool drain);
bool traffic_is_behind(const struct traffic *t);
/* Nobody else can attach, and those who have everything see the end. */
void traffic_close(struct traffic *t);

#endif
