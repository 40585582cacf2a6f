/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/talk.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/log.h"
#include "runtime/criu/log.h"

int criu_talk_begin(struct criu_talk *t, const struct criu_req *req, const struct criu_needs *needs,
		    struct err *e)
{
	int r = criu_check(&t->swrk, needs, e);

	return r < 0 ? r : criu_send(&t->swrk, req, e);
}

int criu_talk_answer(struct criu_talk *t, bool go_on, struct err *e)
{
	const struct criu_req req = { .type = pb_set(CRIU_NOTIFY),
				      .notify_success = pb_set(go_on) };

	int r = criu_send(&t->swrk, &req, e);

	/* It has ended; what it sent last, or how it ended, says why. */
	if (r != -EPIPE)
		return r;
	err_clear(e);
	return 0;
}

static void add_log(const struct criu_talk *t, struct strbuf *why)
{
	autofd int fd = t->logfile ? openat(t->logdirfd, t->logfile,
					    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
				   : -1;

	if (fd >= 0)
		criu_log_excerpt_fd(fd, why);
}

/* In its own words: its log, else what it said before there was one, else what the answer has. */
static int explain(const struct criu_talk *t, const struct criu_resp *resp, enum criu_req_type type,
		   struct err *e)
{
	auto_(strbuf) struct strbuf why = { 0 };
	int error = resp->cr_errno.set && resp->cr_errno.v > 0 ? (int)resp->cr_errno.v : 0;

	add_log(t, &why);
	if (why.len == 0 && t->swrk.saidfd >= 0)
		criu_log_excerpt_fd(t->swrk.saidfd, &why);
	if (why.len == 0 && resp->cr_errmsg)
		criu_log_excerpt(resp->cr_errmsg, strlen(resp->cr_errmsg), &why);
	if (why.len == 0)
		strbuf_adds(&why, error ? strerror(error) : "no reason given");
	return err_set(e, EIO, "criu %s failed: %s (see '%s/%s')", criu_req_name(type),
		       strbuf_str(&why), t->logdir, t->logfile ? t->logfile : "");
}

static int notified(struct criu_talk *t, const struct criu_notify *n, int *fd, struct err *e)
{
	const char *script = n && n->script ? n->script : "";
	int r;

	log_debug("criu: %s", script);
	r = t->notify(t->ctx, script, n && n->pid.set ? (pid_t)n->pid.v : 0, fd, e);
	if (r >= 0)
		return criu_talk_answer(t, true, e);
	(void)criu_talk_answer(t, false, NULL);
	return r;
}

static bool is_script(const struct criu_resp *resp, const char *script)
{
	return script && resp->notify && resp->notify->script &&
	       streq(resp->notify->script, script);
}

/* 2: go on. */
static int step(struct criu_talk *t, enum criu_req_type type, const char *script, pid_t *ret_pid,
		struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	autofd int fd = -1;
	struct criu_resp resp;
	int r = criu_receive(&t->swrk, &a, &resp, &fd, e);

	if (r < 0)
		return r;
	if (!resp.success.v)
		return explain(t, &resp, type, e);
	if (resp.type.v == (int64_t)type) {
		if (ret_pid && resp.restore)
			*ret_pid = (pid_t)resp.restore->pid.v;
		return 0;
	}
	if (resp.type.v != CRIU_NOTIFY)
		return err_set(e, EPROTO, "criu answers '%s' to '%s'", criu_req_name(resp.type.v),
			       criu_req_name(type));
	if (is_script(&resp, script)) {
		if (ret_pid && resp.notify->pid.set)
			*ret_pid = (pid_t)resp.notify->pid.v;
		return 1;
	}
	r = notified(t, resp.notify, &fd, e);
	return r < 0 ? r : 2;
}

int criu_talk_until(struct criu_talk *t, enum criu_req_type type, const char *script,
		    pid_t *ret_pid, struct err *e)
{
	int r;

	do
		r = step(t, type, script, ret_pid, e);
	while (r == 2);
	return r;
}
