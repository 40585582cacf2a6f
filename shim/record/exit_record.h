/* SPDX-License-Identifier: Apache-2.0 */
/* How a container ended, as text: the file `exit` of its record. */
#ifndef SHIM_RECORD_EXIT_RECORD_H
#define SHIM_RECORD_EXIT_RECORD_H

#include <time.h>

#include "libutil/err.h"
#include "oci-spec/codec.h"

/* Space that is reserved for the file before the container starts. */
#define EXIT_RECORD_MAX 4096

/* The code of a container whose status nobody could collect. */
#define EXIT_CODE_UNKNOWN 255

struct exit_record {
	struct opt_i64 code;   /* as a shell counts: exit status, or 128 + signal */
	const char *reason;    /* "exited with status 3", "killed by SIGKILL" */
	const char *exited_at; /* RFC 3339, UTC */
};

/* Fill in from a wait(2) status; the texts come from `a`. */
void exit_record_set(struct exit_record *x, int wait_status, struct timespec when, struct arena *a);
void exit_record_set_unknown(struct exit_record *x, const char *reason, struct timespec when,
			     struct arena *a);

void exit_record_encode(const struct exit_record *x, struct strbuf *out);
int exit_record_decode(const char *text, size_t len, struct arena *a, struct exit_record **ret,
		       struct err *e);

#endif
