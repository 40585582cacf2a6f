/* SPDX-License-Identifier: Apache-2.0 */
/* creel-systemd: one request of creel, see request.h.  Not for people. */
#include <stdio.h>

#include "libutil/file.h"
#include "runtime/systemd/bus.h"

static int serve(struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = NULL;
	struct request req;
	size_t len = 0;
	int r = file_read_fd(STDIN_FILENO, "request", REQUEST_MAX, &text, &len, e);

	if (r < 0)
		return r;
	if (strlen(text) != len)
		return err_set(e, EPROTO, "request: it has a NUL");
	r = request_decode(text, &a, &req, e);
	return r < 0 ? r : bus_serve(&req, e);
}

int main(int argc, char **argv UNUSED)
{
	auto_(strbuf) struct strbuf out = { .max = ANSWER_MAX };
	struct err e = { 0 };
	int r;

	if (argc != 1 || isatty(STDIN_FILENO)) {
		(void)fprintf(stderr,
			      "creel-systemd is run by creel, which tells it on standard input "
			      "what to ask of systemd\n");
		return 2;
	}
	r = serve(&e);
	answer_encode(&e, &out);
	if (file_write_all(STDOUT_FILENO, out.data, out.len, NULL) < 0)
		return 1;
	return r < 0 ? 1 : 0;
}
