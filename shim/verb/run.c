/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/ids.h"
#include "libutil/parse.h"
#include "libutil/path.h"
#include "libutil/sig.h"
#include "shim/client/bundle.h"
#include "shim/client/container_log.h"
#include "shim/client/launch.h"
#include "shim/client/session.h"
#include "shim/solo/restart.h"
#include "shim/verb/verbs.h"

struct run_values {
	bool detach, interactive, rm;
	const char *bundle, *runtime, *root, *pid_file, *detach_keys, *restart, *stop_signal;
	struct strv runtime_args;
	struct log_choice log;
};

static const struct opt opts[] = {
	{ .letter = 'd',
	  .name = "detach",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct run_values, detach),
	  .help = "return as soon as the container runs" },
	{ .letter = 'b',
	  .name = "bundle",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, bundle),
	  .arg = "DIR",
	  .help = "the bundle to run; by default the working directory" },
	{ .letter = 'i',
	  .name = "interactive",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct run_values, interactive),
	  .help = "keep the container's standard input open for those who are attached" },
	{ .name = "rm",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct run_values, rm),
	  .help = "remove the record and the log when the container has ended" },
	{ .name = "runtime",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, runtime),
	  .arg = "PROGRAM",
	  .help = "the OCI runtime: a path, or a name in PATH; by default creel" },
	{ .name = "runtime-arg",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct run_values, runtime_args),
	  .arg = "ARG",
	  .help = "give this argument to the runtime, before its verb" },
	{ .name = "root",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, root),
	  .arg = "DIR",
	  .help = "the runtime's --root" },
	{ .name = "pid-file",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, pid_file),
	  .arg = "FILE",
	  .help = "write the process id of the container there" },
	{ .name = "log-path",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, log.path),
	  .arg = "FILE",
	  .help = "append the container's output there instead of the record's log" },
	{ .name = "log-driver",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, log.driver),
	  .arg = "DRIVER",
	  .help = "k8s-file (default), json-file, journald, none, or passthrough: the container has "
		  "our own standard output and error" },
	{ .name = "log-opt",
	  .kind = OPT_LIST,
	  .offset = offsetof(struct run_values, log.options),
	  .arg = "KEY=VALUE",
	  .help = "max-size=10m: rotate the log then; max-file=3: keep so many files of it; "
		  "path=FILE; for journald tag=TEXT, label=NAME=VALUE" },
	{ .name = "restart",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, restart),
	  .arg = "POLICY",
	  .help = "start the container again when it has ended: no, on-failure[:N], always, "
		  "unless-stopped; by default what the annotation org.creel.restart says" },
	{ .name = "stop-signal",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, stop_signal),
	  .arg = "SIGNAL",
	  .help = "what stop sends; by default what the annotation "
		  "org.opencontainers.image.stopSignal says, else SIGTERM" },
	{ .name = "detach-keys",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct run_values, detach_keys),
	  .arg = "KEYS",
	  .help = "keys that end the session but not the container; by default " DETACH_KEYS_DEFAULT },
	OPT_END,
};

static void defaults(void *values)
{
	struct run_values *v = values;

	v->bundle = ".";
	v->runtime = "creel";
	v->detach_keys = DETACH_KEYS_DEFAULT;
}

static const char *absolute(struct arena *a, const char *path)
{
	autofree char *full = path ? path_absolute(path) : NULL;

	return full ? arena_strdup(a, full) : NULL;
}

/* The container has what we have: nothing of it goes through a supervisor. */
static int check_passthrough(const struct record *rec, struct err *e)
{
	if (!streq(record_log_driver(rec), RECORD_LOG_PASSTHROUGH))
		return 0;
	if (rec->terminal)
		return err_set(e, EINVAL,
			       "--log-driver passthrough: config.json asks for a terminal");
	if (rec->interactive)
		return err_set(e, EINVAL,
			       "--log-driver passthrough: the container has our standard input "
			       "without -i");
	return 0;
}

/* What config.json says, and what the options say in place of it. */
static int fill_from_bundle(struct record *rec, const struct run_values *v, struct arena *a,
			    struct err *e)
{
	struct restart_policy policy = { 0 };
	struct bundle bundle = { 0 };
	int signal, r = bundle_read(rec->bundle, a, &bundle, e);

	if (r < 0)
		return r;
	rec->terminal = bundle.terminal;
	rec->restart = v->restart ? v->restart : bundle.restart;
	rec->stop_signal = v->stop_signal ? v->stop_signal : bundle.stop_signal;
	r = rec->restart ? restart_parse(rec->restart, &policy, e) : 0;
	if (r >= 0 && rec->stop_signal)
		r = sig_parse(rec->stop_signal, &signal, e);
	if (r < 0)
		return r;
	if (policy.kind != RESTART_NO && rec->auto_remove)
		return err_set(e, EINVAL, "--rm and the restart policy '%s' exclude each other",
			       rec->restart);
	return check_passthrough(rec, e);
}

/* Everything relative is made absolute: the supervisor works in /. */
static int fill_record(struct record *rec, const struct run_values *v, const char *state,
		       const char *id, struct arena *a, struct err *e)
{
	autofree char *runtime = NULL;
	char time[TIME_TEXT_SIZE];
	struct timespec now;
	int r;

	*rec = (struct record){
		.id = id,
		.bundle = absolute(a, v->bundle),
		.root = absolute(a, v->root),
		.pid_file = absolute(a, v->pid_file),
		.runtime_args = { .items = arena_alloc(a, v->runtime_args.n + 1, sizeof(char *)),
				  .n = v->runtime_args.n },
		.interactive = v->interactive,
		.auto_remove = v->rm,
	};
	for (size_t i = 0; i < v->runtime_args.n; i++)
		rec->runtime_args.items[i] = arena_strdup(a, v->runtime_args.v[i]);
	r = log_choice_fill(&v->log, arena_printf(a, "%s/%s/" RECORD_LOG, state, id), rec, a, e);
	if (r < 0)
		return r;
	r = fill_from_bundle(rec, v, a, e);
	if (r < 0)
		return r;
	r = launch_find_runtime(v->runtime, &runtime, e);
	if (r < 0)
		return r;
	rec->runtime = arena_strdup(a, runtime);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	rec->created = arena_strdup(a, time_text(now, time));
	return 0;
}

/* The container runs, and we are its first client. */
static int stay(struct session s, const struct record *rec, int *hold, const char *state,
		struct err *e)
{
	auto_(entry) struct entry en = { .dirfd = -1, .supervisor = -1, .exitfd = -1 };
	autofd int container = -1, log = -1;
	int r = entry_open(&en, state, rec->id, e);

	if (r < 0)
		return r;
	/* The record and the log are held by their descriptors now. */
	log = session_open_log(&en);
	s.logfd = log;
	(void)close(steal_fd(hold));
	/* One that has further lives is reached by its supervisor, which passes signals on. */
	container = en.rec->restart && en.supervisor >= 0
			    ? fcntl(en.supervisor, F_DUPFD_CLOEXEC, 3)
			    : record_proc_open(&en.rec->container, NULL);
	s.entry = &en;
	s.container = container;
	/* A terminal is for typing, -i or not. */
	s.input = rec->interactive || rec->terminal;
	return session_run(&s, e);
}

static int run_container(const struct shim_globals *g, const struct run_values *v, const char *id,
			 struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct session s = { .sock = -1, .logfd = -1, .container = -1 };
	struct launch l = { .attach = !v->detach, .clientfd = -1, .holdfd = -1 };
	autofd int client = -1, hold = -1;
	int r = id_check(id, e);

	if (r < 0)
		return r;
	r = detach_parse(&s.detach, v->detach_keys, e);
	if (r < 0)
		return r;
	r = fill_record(&l.rec, v, g->state, id, &a, e);
	if (r < 0)
		return r;
	if (l.attach)
		l.size = session_terminal_size();
	r = launch(&l, g, e);
	client = l.clientfd;
	hold = l.holdfd;
	if (r < 0 || v->detach)
		return r;
	s.sock = client;
	return stay(s, &l.rec, &hold, g->state, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	int r = run_container(global, values, args[0], e);

	return r < 0 ? err_wrap(e, r, "run '%s'", args[0]) : r;
}

const struct verb verb_run = {
	.name = "run",
	.args = "ID",
	.summary = "create and start a container of a bundle, and supervise it",
	.details =
		"A supervisor process is started, which has the runtime create and start the container, "
		"keeps its log, records its exit status and has the runtime delete it. The supervisor "
		"has a session of its own: neither it nor the container ends when the caller does.\n"
		"\n"
		"Without -d, the container's output is written to standard output and standard error, "
		"SIGINT, SIGTERM and SIGQUIT are passed on to the container, and the exit status is "
		"the container's. The third of these signals ends run only. When run itself is killed "
		"or hung up, the container goes on.\n"
		"\n"
		"With -i, standard input is passed on, and the container's input ends when ours does; "
		"without it the container reads from /dev/null. A container whose configuration asks "
		"for a terminal gets one, and is typed to with or without -i.\n"
		"\n"
		"With a restart policy, a container that has ended is started again, first after 100 ms, "
		"then after twice as long each time up to a minute; once it has run for ten seconds, "
		"after 100 ms again. stop, and SIGINT, SIGTERM or SIGQUIT to the supervisor, end it for "
		"good. The log goes on, whoever is attached stays attached, and its exit is recorded when it "
		"is not started again.\n"
		"\n"
		"The record stays when the container has ended, for wait and logs, until rm removes it.",
	.opts = opts,
	.opts_size = sizeof(struct run_values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
