/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/record/request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "libutil/file.h"
#include "libutil/parse.h"
#include "libutil/strv.h"
#include "libutil/sys.h"

/* Read under this name, so that the next one is not removed with this one. */
#define TAKEN "." RECORD_REQUEST

static const char *const kinds[] = {
	[REQUEST_NONE] = "none",
	[REQUEST_STOP] = "stop",
	[REQUEST_RESTART] = "restart",
};

size_t request_write(char text[REQUEST_TEXT_MAX], const struct request *req)
{
	return (size_t)snprintf(text, REQUEST_TEXT_MAX, "%s %d %" PRId64 "\n", kinds[req->kind],
				req->signal, req->timeout_ms);
}

int request_read(const char *text, struct request *ret)
{
	auto_(strv) struct strv words = { 0 };
	size_t len = strcspn(text, "\n");
	autofree char *line = strndup(text, len);
	struct request r = { .kind = REQUEST_STOP };

	if (!line || text[len] != '\n' || text[len + 1])
		return -EBADMSG;
	strv_split(&words, line, ' ', false);
	if (words.n != 3)
		return -EBADMSG;
	if (streq(words.v[0], kinds[REQUEST_RESTART]))
		r.kind = REQUEST_RESTART;
	else if (!streq(words.v[0], kinds[REQUEST_STOP]))
		return -EBADMSG;
	if (parse_int(words.v[1], &r.signal) < 0 || r.signal < 1 || r.signal > SIGRTMAX)
		return -EBADMSG;
	if (parse_i64(words.v[2], &r.timeout_ms) < 0 || r.timeout_ms < -1)
		return -EBADMSG;
	*ret = r;
	return 0;
}

int request_send(const struct entry *en, const struct request *req, struct err *e)
{
	char text[REQUEST_TEXT_MAX];
	size_t len = request_write(text, req);
	int r;

	if (en->supervisor < 0)
		return err_set(e, ESRCH, "the supervisor of '%s' has ended", en->id);
	r = file_replace_at(en->dirfd, RECORD_REQUEST, text, len, 0600, FILE_NO_SYNC, e);
	if (r < 0)
		return r;
	if (sys_pidfd_send_signal(en->supervisor, SIGUSR1, NULL, 0) < 0)
		return err_sys(e, "tell the supervisor of '%s'", en->id);
	return 0;
}

int request_take(int dirfd, struct request *ret, struct err *e)
{
	autofree char *text = NULL;
	int r;

	if (renameat(dirfd, RECORD_REQUEST, dirfd, TAKEN) < 0)
		return err_sys(e, "take '%s'", RECORD_REQUEST);
	r = file_read_at(dirfd, TAKEN, REQUEST_TEXT_MAX, &text, NULL, e);
	(void)unlinkat(dirfd, TAKEN, 0);
	if (r < 0)
		return r;
	if (request_read(text, ret) < 0)
		return err_set(e, EBADMSG, "'%s' holds no request: '%s'", RECORD_REQUEST, text);
	return 0;
}
