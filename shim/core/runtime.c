/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/core/runtime.h"

#include <errno.h>
#include <string.h>

#include "libutil/file.h"
#include "libutil/json.h"
#include "libutil/parse.h"
#include "libutil/proc.h"

/* What runtime_run() keeps of the runtime's words. */
#define OUTPUT_MAX   4096
#define PID_TEXT_MAX 32

const char *runtime_verb_name(enum runtime_verb v)
{
#define X(name, text) [RUNTIME_##name] = text,
	static const char *const names[RUNTIME_VERB_COUNT] = { RUNTIME_VERBS(X) };
#undef X

	return names[v];
}

/* ---- command lines ---- */

/* The options of a verb: for which verbs each counts, and where its value is. */
#define ON(verb) (1U << RUNTIME_##verb)
#define MAKES    (ON(CREATE) | ON(EXEC) | ON(RESTORE))
#define NEW      (ON(CREATE) | ON(RESTORE))
#define CRIU     (ON(RESTORE) | ON(CHECKPOINT))

enum source {
	ALWAYS,
	ASK_TEXT, /* const char *, NULL: not said */
	ASK_FLAG,
	RUNTIME_FLAG,
};
#define OF_ASK(m)     offsetof(struct runtime_ask, m)
#define OF_RUNTIME(m) offsetof(struct runtime, m)

static const struct option_row {
	const char *name;
	unsigned verbs;
	enum source source;
	size_t offset;
} rows[] = {
	{ "--bundle", NEW, ASK_TEXT, OF_ASK(bundle) },
	{ "--pid-file", MAKES, ASK_TEXT, OF_ASK(pid_file) },
	{ "--process", ON(EXEC), ASK_TEXT, OF_ASK(process) },
	{ "--detach", ON(EXEC) | ON(RESTORE), ALWAYS, 0 },
	{ "--no-pivot", NEW, RUNTIME_FLAG, OF_RUNTIME(no_pivot) },
	{ "--no-new-keyring", NEW, RUNTIME_FLAG, OF_RUNTIME(no_new_keyring) },
	{ "--image-path", CRIU, ASK_TEXT, OF_ASK(image_path) },
	{ "--work-path", CRIU, ASK_TEXT, OF_ASK(work_path) },
	{ "--parent-path", ON(CHECKPOINT), ASK_TEXT, OF_ASK(parent_path) },
	{ "--resources", ON(UPDATE), ASK_TEXT, OF_ASK(resources) },
	{ "--all", ON(KILL), ASK_FLAG, OF_ASK(all) },
	{ "--force", ON(DELETE), ASK_FLAG, OF_ASK(force) },
	{ "--console-socket", MAKES, ASK_TEXT, OF_ASK(console) },
};

bool runtime_verb_makes(enum runtime_verb v)
{
	return (MAKES & (1U << v)) != 0;
}

static void add_option(struct strv *argv, const struct option_row *row, const struct runtime *rt,
		       const struct runtime_ask *ask)
{
	const char *from = row->source == RUNTIME_FLAG ? (const char *)rt : (const char *)ask;
	const void *member = from + row->offset;
	const char *text = NULL;

	if (row->source == ASK_TEXT) {
		text = *(const char *const *)member;
		if (!text)
			return;
	} else if (row->source != ALWAYS && !*(const bool *)member) {
		return;
	}
	strv_add(argv, row->name);
	if (text)
		strv_add(argv, text);
}

static void add_all(struct strv *argv, const struct oci_strings *more)
{
	for (size_t i = 0; i < more->n; i++)
		strv_add(argv, more->items[i]);
}

static void add_common(struct strv *argv, const struct runtime *rt)
{
	strv_add(argv, rt->path);
	if (rt->root) {
		strv_add(argv, "--root");
		strv_add(argv, rt->root);
	}
	if (rt->log) {
		strv_add(argv, "--log");
		strv_add(argv, rt->log);
		strv_add(argv, "--log-format");
		strv_add(argv, "json");
	}
	if (rt->systemd_cgroup)
		strv_add(argv, "--systemd-cgroup");
	add_all(argv, &rt->args);
}

void runtime_argv(struct strv *argv, const struct runtime *rt, enum runtime_verb verb,
		  const struct runtime_ask *ask)
{
	add_common(argv, rt);
	strv_add(argv, runtime_verb_name(verb));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].verbs & (1U << verb))
			add_option(argv, &rows[i], rt, ask);
	if (runtime_verb_makes(verb))
		add_all(argv, &rt->opts);
	add_all(argv, &ask->more);
	strv_add(argv, ask->id);
	if (verb == RUNTIME_KILL)
		strv_addf(argv, "%d", ask->signal);
}

/* ---- what it said ---- */

/* The message of a log line of level error or worse; NULL for any other line. */
static char *error_of_line(const char *line, size_t len)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;
	const char *level, *msg;

	if (json_parse("runtime log", line, len, &a, &doc, NULL) < 0)
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

int runtime_reason(const char *log, const char *output, int wait_status, struct err *e)
{
	char status[PROC_STATUS_TEXT_SIZE];
	autofree char *reason = last_error_in_log(log);

	if (!reason)
		reason = last_line(output);
	return err_set(e, EREMOTEIO, "%s", reason ? reason : proc_status_text(wait_status, status));
}

int runtime_run(const struct runtime *rt, enum runtime_verb verb, const struct runtime_ask *ask,
		int timeout_ms, struct err *e)
{
	auto_(strv) struct strv argv = { 0 };
	auto_(strbuf) struct strbuf out = { .max = OUTPUT_MAX };
	struct proc_spec spec = { .path = rt->path };
	int status = 0, r;

	runtime_argv(&argv, rt, verb, ask);
	spec.argv = strv_argv(&argv);
	r = proc_run(&spec, NULL, 0, &out, timeout_ms, &status, e);
	if (r >= 0 && status != 0)
		r = runtime_reason("", strbuf_str(&out), status, e);
	return r < 0 ? err_wrap(e, r, "%s", runtime_verb_name(verb)) : 0;
}

int runtime_read_pid(int dirfd, const char *path, pid_t *ret, struct err *e)
{
	autofree char *text = NULL;
	int r = file_read_at(dirfd, path, PID_TEXT_MAX, &text, NULL, e);

	if (r < 0)
		return err_wrap(e, r, "pid file of the runtime");
	text[strcspn(text, "\n")] = '\0';
	if (parse_pid(text, ret) < 0)
		return err_set(e, EBADMSG, "pid file of the runtime holds '%s', not a process id",
			       text);
	return 0;
}
