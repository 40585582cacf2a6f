/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/log.h"

static void free_job(struct job *j)
{
	struct task *t = j->task;

	call_free(&j->call);
	if (j->fd >= 0)
		(void)close(j->fd);
	free(j);
	if (--t->jobs == 0 && t->gone)
		task_free(t);
}

static void fail(struct job *j, const struct err *why)
{
	enum ttrpc_code code = j->code ? j->code(why) : TTRPC_UNKNOWN;

	if (j->asker)
		ttrpc_fail(j->asker, code, "%s", why->msg);
	else
		log_debug("%s: %s: %s", j->task->container.id, runtime_verb_name(j->verb),
			  why->msg);
}

static void on_done(struct call *c, bool ok)
{
	struct job *j = c->ctx;
	struct err why = { 0 };

	if (!ok) {
		(void)call_reason(c, &why);
		fail(j, &why);
		free_job(j);
		return;
	}
	if (j->went_well)
		j->went_well(j->task);
	if (j->asker)
		ttrpc_reply(j->asker, &(struct msg_empty){ 0 });
	free_job(j);
}

void job_start(struct task *t, struct ttrpc_call *asker, enum runtime_verb verb,
	       const struct runtime_ask *ask, const struct job *how)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct err e = { 0 };

	*j = *how;
	j->task = t;
	j->asker = asker;
	j->verb = verb;
	t->jobs++;
	call_init(&j->call, t->container.reaper, on_done, j);
	if (call_start(&j->call, &t->container.runtime, verb, ask, NULL, &e) >= 0)
		return;
	fail(j, &e);
	free_job(j);
}

/* By the path of our own descriptor, since children are given no others. */
int job_document(const char *text, size_t len, char buf[JOB_PATH_SIZE], struct err *e)
{
	autofd int fd = memfd_create("document", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "make a file for a document");
	r = file_write_all(fd, text, len, e);
	if (r < 0)
		return r;
	(void)snprintf(buf, JOB_PATH_SIZE, "/proc/%d/fd/%d", (int)getpid(), fd);
	return steal_fd(&fd);
}
