/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/parse.h"

#define START_PIPE  "_OCI_STARTPIPE"
#define SYNC_PIPE   "_OCI_SYNCPIPE"
#define ATTACH_PIPE "_OCI_ATTACHPIPE"

/* A runtime's last words, escaped. */
#define LINE_MAX_SIZE ((size_t)128 << 10)

static int find(const char *name, int *ret, struct err *e)
{
	const char *text = getenv(name);
	int fd = -1, r;

	if (!text)
		return 0;
	if (parse_int(text, &fd) < 0 || fd < 0)
		return err_set(e, EINVAL, "%s: '%s' is no descriptor", name, text);
	r = fd_set_cloexec(fd, true, e);
	if (r < 0)
		return err_wrap(e, r, "%s", name);
	*ret = fd;
	return 0;
}

int pipes_init(struct pipes *p, const struct conmon_opts *o, struct err *e)
{
	int r;

	*p = (struct pipes){ .startfd = -1, .syncfd = -1, .attachfd = -1 };
	r = find(START_PIPE, &p->startfd, e);
	if (r >= 0)
		r = find(SYNC_PIPE, &p->syncfd, e);
	if (r >= 0 && o->exec_attach)
		r = find(ATTACH_PIPE, &p->attachfd, e);
	if (r < 0)
		return r;
	if (o->exec_attach && p->attachfd < 0)
		return err_set(e, EINVAL,
			       "option '--exec-attach' needs a descriptor in " ATTACH_PIPE);
	return 0;
}

static void close_pipe(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void pipes_done(struct pipes *p)
{
	close_pipe(&p->startfd);
	close_pipe(&p->syncfd);
	close_pipe(&p->attachfd);
}

int pipes_wait_start(const struct pipes *p, struct err *e)
{
	char text[64];
	ssize_t n;

	if (p->startfd < 0)
		return 0;
	do
		n = read(p->startfd, text, sizeof(text));
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "read %s", START_PIPE) : 0;
}

static const char *key(const struct conmon_opts *o)
{
	if (o->api >= 1)
		return "data";
	return o->exec ? "exit_code" : "pid";
}

void pipes_line(struct strbuf *out, const struct conmon_opts *o, int64_t value, const char *message)
{
	struct json_writer w = { .out = out };

	/* conmon's blanks, too: somebody may look for them. */
	strbuf_addf(out, "{\"%s\": %lld", key(o), (long long)value);
	if (message && *message) {
		strbuf_adds(out, ", \"message\": ");
		json_string(&w, message);
	}
	strbuf_adds(out, "}\n");
}

void pipes_tell(int *fd, const struct conmon_opts *o, int64_t value, const char *message)
{
	auto_(strbuf) struct strbuf line = { .max = LINE_MAX_SIZE };

	if (*fd < 0)
		return;
	pipes_line(&line, o, value, message);
	if (file_write_all(*fd, strbuf_str(&line), line.len, NULL) < 0)
		close_pipe(fd);
}
