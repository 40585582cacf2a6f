/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/say.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SYSLOG_SOCKET "/dev/log"
/* syslog(3)'s numbers: facility user, and severities. */
#define FACILITY_USER 8

static const int severity[] = {
	[LOG_LEVEL_ERROR] = 3,
	[LOG_LEVEL_WARNING] = 4,
	[LOG_LEVEL_INFO] = 6,
	[LOG_LEVEL_DEBUG] = 7,
};

/* One datagram, sent or not: a system log that hangs must not hang us.  The C library's syslog()
 * would wait, and keep the socket. */
static void to_syslog(const char *cid, enum log_level level, const char *text)
{
	static const struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = SYSLOG_SOCKET };
	autofd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	auto_(strbuf) struct strbuf line = { .max = 4096 };

	if (fd < 0)
		return;
	strbuf_addf(&line, "<%d>creel-shim[%d]: %.20s: ", FACILITY_USER | severity[level],
		    (int)getpid(), cid);
	strbuf_add_printable(&line, text, strlen(text), "");
	(void)sendto(fd, strbuf_str(&line), line.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		     (const struct sockaddr *)&to, sizeof(to));
}

void say(const struct conmon_opts *o, enum log_level level, bool must, const char *text)
{
	log_write(level, "%s", text);
	if (must || (o->syslog && log_wants(level)))
		to_syslog(o->cid, level, text);
}
