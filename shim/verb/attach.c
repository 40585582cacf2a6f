/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "libutil/cleanup.h"
#include "shim/client/session.h"
#include "shim/program.h"
#include "shim/verb/verbs.h"

struct attach_values {
	const char *detach_keys;
	bool no_stdin;
};

static const struct opt opts[] = {
	{ .name = "detach-keys",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct attach_values, detach_keys),
	  .arg = "KEYS",
	  .help = "keys that end the session but not the container; by default " DETACH_KEYS_DEFAULT },
	{ .name = "no-stdin",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct attach_values, no_stdin),
	  .help = "only watch the output" },
	OPT_END,
};

static void defaults(void *values)
{
	struct attach_values *v = values;

	v->detach_keys = DETACH_KEYS_DEFAULT;
}

static int attach(const char *state, const struct attach_values *v, const char *id, struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	autofd int sock = -1, log = -1;
	struct session s = { .entry = &en, .sock = -1, .logfd = -1, .container = -1 };
	int r = detach_parse(&s.detach, v->detach_keys, e);

	if (r < 0)
		return r;
	r = entry_open(&en, state, id, e);
	if (r < 0)
		return r;
	if (en.status == ENTRY_LOST)
		return entry_lost(&en, e);
	if (en.status != ENTRY_RUNNING)
		return err_set(e, EINVAL, "the container is not running (%s)",
			       entry_status_text(en.status));
	if (streq(record_log_driver(en.rec), RECORD_LOG_PASSTHROUGH))
		return err_set(e, EINVAL,
			       "the container has the descriptors of its run: there is "
			       "nothing to attach to");
	log = session_open_log(&en);
	s.logfd = log;
	r = session_connect(&en, &sock, e);
	if (r < 0)
		return r;
	s.sock = sock;
	s.input = !v->no_stdin && (en.rec->interactive || en.rec->terminal);
	return session_run(&s, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct shim_globals *g = global;
	int r = attach(g->state, values, args[0], e);

	return r < 0 ? err_wrap(e, r, "attach '%s'", args[0]) : r;
}

const struct verb verb_attach = {
	.name = "attach",
	.args = "ID",
	.summary = "connect standard input, output and error to a running container",
	.details =
		"Any number of people may be attached. Output comes from the moment of attaching; what came "
		"before is in the log. Who reads too slowly holds nobody up and goes on from the log.\n"
		"\n"
		"Input is passed on when the container was run with -i or has a terminal. When our input ends, "
		"the container's ends too; detaching, or being killed, leaves it open. Signals are not "
		"passed on: they end attach. The exit status is the container's, or 0 after detaching.",
	.opts = opts,
	.opts_size = sizeof(struct attach_values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
