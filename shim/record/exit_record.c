/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/record/exit_record.h"

#include "libutil/parse.h"
#include "libutil/proc.h"

static const struct field exit_fields[] = {
	{ .key = "exitCode",
	  .kind = FIELD_I64,
	  .bits = FIELD_REQUIRED,
	  .offset = offsetof(struct exit_record, code),
	  .min = 0,
	  .max = 255 },
	{ .key = "reason",
	  .kind = FIELD_STRING,
	  .bits = FIELD_REQUIRED,
	  .offset = offsetof(struct exit_record, reason) },
	{ .key = "exitedAt",
	  .kind = FIELD_STRING,
	  .bits = FIELD_REQUIRED,
	  .offset = offsetof(struct exit_record, exited_at) },
};

static const struct field_type exit_type =
	FIELD_TYPE("exit record", struct exit_record, exit_fields);

static void set(struct exit_record *x, int code, const char *reason, struct timespec when,
		struct arena *a)
{
	char time[TIME_TEXT_SIZE];

	*x = (struct exit_record){
		.code = { .set = true, .v = code },
		.reason = arena_strdup(a, reason),
		.exited_at = arena_strdup(a, time_text(when, time)),
	};
}

void exit_record_set(struct exit_record *x, int wait_status, struct timespec when, struct arena *a)
{
	char text[PROC_STATUS_TEXT_SIZE];

	set(x, proc_exit_code(wait_status), proc_status_text(wait_status, text), when, a);
}

void exit_record_set_unknown(struct exit_record *x, const char *reason, struct timespec when,
			     struct arena *a)
{
	set(x, EXIT_CODE_UNKNOWN, reason, when, a);
}

void exit_record_encode(const struct exit_record *x, struct strbuf *out)
{
	oci_encode(&exit_type, x, 0, out);
	strbuf_addc(out, '\n');
}

int exit_record_decode(const char *text, size_t len, struct arena *a, struct exit_record **ret,
		       struct err *e)
{
	void *x = NULL;
	int r = oci_decode(&exit_type, "exit", text, len, NULL, a, &x, e);

	if (r < 0)
		return r;
	*ret = x;
	return 0;
}
