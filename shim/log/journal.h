/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log in systemd's journal, by its native protocol: one datagram a record.
 * The fields are those of conmon, which Podman looks for.  What conmon keeps
 * back until its newline comes is sent at once here, marked as partial, so that
 * a supervisor that is killed loses nothing.
 */
#ifndef SHIM_LOG_JOURNAL_H
#define SHIM_LOG_JOURNAL_H

#include <stdint.h>

#include "libutil/strbuf.h"
#include "shim/io/stream.h"
#include "shim/log/loss.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Whose records these are.  All but `id` may be NULL. */
struct journal_source {
	const char *id;
	const char *name;
	const char *tag;
	char *const *labels; /* NULL-terminated; each LABEL=VALUE */
	bool no_partial_mark;
};

struct journal {
	int fd;
	const char *path; /* of the socket; the caller's */
	char *fixed;      /* owned: the fields that every record has */
	size_t fixed_len;
	bool partial_mark;
	bool in_line[2]; /* stdout's, stderr's line goes on */
	bool stuck; /* the journal did not take the last one in time: do not wait for it again */
	struct log_loss loss;
};

/* -ECONNREFUSED or -ENOENT with advice when no journal listens there. */
int journal_open(struct journal *j, const char *path, const struct journal_source *src,
		 struct err *e);
void journal_close(struct journal *j);
/* True when the journal took all of it. */
bool journal_write(struct journal *j, enum stream stream, const char *data, size_t len);

/* ---- pure ---- */

/* Append NAME=value as the protocol has it: a value with a newline goes by its length. */
void journal_field(struct strbuf *out, const char *name, const char *value, size_t len);
/* The fields of all records.  -EINVAL names a label that is none. */
int journal_fixed_fields(struct strbuf *out, const struct journal_source *src, struct err *e);
/* "<N>" at the beginning of a line is syslog's priority, as systemd reads it from a service's
 * output.  Returns how many bytes it takes, and the priority, which else is left as it is. */
size_t journal_priority(const char *text, size_t len, char *priority);

#endif
