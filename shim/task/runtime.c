/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/task/runtime.h"

#include <errno.h>
#include <string.h>

#include "libutil/json.h"
#include "libutil/proc.h"

/* A runtime that hangs must not make `rm --force` hang. */
#define DELETE_TIMEOUT_MS 30000
#define DELETE_OUTPUT_MAX 4096

const char *runtime_call_name(enum runtime_call c)
{
#define X(name, text) [RUNTIME_##name] = text,
	static const char *const names[RUNTIME_CALL_COUNT] = { RUNTIME_CALLS(X) };
#undef X

	return names[c];
}

static void add_create(struct strv *argv, const struct record *rec, const char *dir,
		       const char *console)
{
	strv_add(argv, "create");
	strv_add(argv, "--bundle");
	strv_add(argv, rec->bundle);
	strv_add(argv, "--pid-file");
	strv_addf(argv, "%s/" RECORD_PID, dir);
	if (console) {
		strv_add(argv, "--console-socket");
		strv_add(argv, console);
	}
}

void runtime_argv(struct strv *argv, enum runtime_call call, const struct record *rec,
		  const char *dir, const char *console)
{
	strv_add(argv, rec->runtime);
	if (rec->root) {
		strv_add(argv, "--root");
		strv_add(argv, rec->root);
	}
	strv_add(argv, "--log");
	strv_addf(argv, "%s/" RECORD_RUNTIME_LOG, dir);
	strv_add(argv, "--log-format");
	strv_add(argv, "json");
	for (size_t i = 0; i < rec->runtime_args.n; i++)
		strv_add(argv, rec->runtime_args.items[i]);
	switch (call) {
	case RUNTIME_CREATE:
		add_create(argv, rec, dir, console);
		break;
	case RUNTIME_START:
		strv_add(argv, "start");
		break;
	case RUNTIME_DELETE:
		strv_add(argv, "delete");
		break;
	case RUNTIME_DELETE_FORCE:
		strv_add(argv, "delete");
		strv_add(argv, "--force");
		break;
	case RUNTIME_CALL_COUNT:
		break;
	}
	strv_add(argv, rec->id);
}

/* The message of a log line of level error or worse; NULL for any other line. */
static char *error_of_line(const char *line, size_t len)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;
	const char *level, *msg;

	if (json_parse(RECORD_RUNTIME_LOG, line, len, &a, &doc, NULL) < 0)
		return NULL;
	level = json_get_string(doc, "level");
	msg = json_get_string(doc, "msg");
	if (!level || !msg || !(streq(level, "error") || streq(level, "fatal")))
		return NULL;
	return xstrdup(msg);
}

static char *last_error_in_log(const char *log)
{
	autofree char *last = NULL;

	for (const char *p = log; *p;) {
		size_t len = strcspn(p, "\n");
		char *found = error_of_line(p, len);

		if (found) {
			free(last);
			last = found;
		}
		p += len + (p[len] == '\n');
	}
	return steal_ptr(&last);
}

static char *last_line(const char *text)
{
	size_t end = strlen(text), from;

	while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r'))
		end--;
	for (from = end; from > 0 && text[from - 1] != '\n'; from--)
		;
	return end > from ? xstrndup(text + from, end - from) : NULL;
}

int runtime_failure(enum runtime_call call, const char *log, const char *output, int wait_status,
		    struct err *e)
{
	char status[PROC_STATUS_TEXT_SIZE];
	autofree char *reason = last_error_in_log(log);

	if (!reason)
		reason = last_line(output);
	return err_set(e, EREMOTEIO, "%s: %s", runtime_call_name(call),
		       reason ? reason : proc_status_text(wait_status, status));
}

int runtime_delete_forced(const struct record *rec, const char *dir, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	auto_(strbuf) struct strbuf out = { .max = DELETE_OUTPUT_MAX };
	struct proc_spec spec = { .path = rec->runtime };
	int status = 0, r;

	runtime_argv(&argv, RUNTIME_DELETE_FORCE, rec, dir, NULL);
	spec.argv = strv_argv(&argv);
	r = proc_run(&spec, NULL, 0, &out, DELETE_TIMEOUT_MS, &status, e);
	if (r < 0)
		return err_wrap(e, r, "%s", runtime_call_name(RUNTIME_DELETE_FORCE));
	if (status == 0)
		return 0;
	return runtime_failure(RUNTIME_DELETE_FORCE, "", strbuf_str(&out), status, e);
}
