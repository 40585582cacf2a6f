/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/options.h"

#include <errno.h>
#include <strings.h>
#include <unistd.h>

/* conmon's own default, which is CRI-O's directory. */
#define DEFAULT_SOCKET_DIR "/var/run/crio"
#define DEFAULT_MAX_FILES  1

/* `--api-version` is a flag to conmon: the number that callers write behind it is not looked at. */
static int set_api(void *values, const char *text UNUSED, struct err *e UNUSED)
{
	((struct conmon_opts *)values)->api = 1;
	return 0;
}

#define AT(member) .offset = offsetof(struct conmon_opts, member)

#define FLAG(letter_, name_, member, help_)                                                        \
	{                                                                                          \
		.letter = (letter_), .name = (name_), .kind = OPT_FLAG, AT(member),                \
		.help = (help_),                                                                   \
	}
#define VALUE(letter_, name_, kind_, member, arg_, help_)                                          \
	{                                                                                          \
		.letter = (letter_), .name = (name_), .kind = (kind_), AT(member), .arg = (arg_),  \
		.help = (help_),                                                                   \
	}
#define HIDDEN(name_, kind_, member)                                                               \
	{                                                                                          \
		.name = (name_), .kind = (kind_), .bits = OPT_HIDDEN, AT(member), .arg = "VALUE",  \
	}

/* clang-format off */
const struct opt conmon_opt_rows[] = {
	{ .name = "api-version", .kind = OPT_CALL, .bits = OPT_OPTIONAL, .arg = "N", .call = set_api,
	  .help = "say `data` on the sync pipe, as podman expects; without it `pid` or `exit_code`" },
	VALUE('b', "bundle", OPT_STRING, bundle, "DIR",
	      "the OCI bundle; the working directory without it"),
	VALUE('c', "cid", OPT_STRING, cid, "ID", "id of the container"),
	VALUE('P', "conmon-pidfile", OPT_STRING, conmon_pid_file, "FILE",
	      "write this program's process id to FILE"),
	VALUE('p', "container-pidfile", OPT_STRING, pid_file, "FILE",
	      "where the runtime writes the container's process id; pidfile-ID in the working "
	      "directory without it"),
	HIDDEN("pidfile", OPT_STRING, pid_file),
	VALUE('u', "cuuid", OPT_STRING, cuuid, "ID",
	      "id of the container or exec session for the attach socket's name"),
	FLAG('e', "exec", exec, "run a process in a running container"),
	FLAG(0, "exec-attach", exec_attach, "exec: begin once the caller has attached"),
	VALUE(0, "exec-process-spec", OPT_STRING, exec_process_spec, "FILE",
	      "exec: the OCI description of the process"),
	VALUE(0, "exit-command", OPT_STRING, exit_command, "PROGRAM",
	      "run PROGRAM when the container has ended"),
	VALUE(0, "exit-command-arg", OPT_LIST, exit_args, "ARG",
	      "argument for the exit command; may be repeated"),
	VALUE(0, "exit-delay", OPT_I64, exit_delay, "SECONDS", "wait before the exit command"),
	VALUE(0, "exit-dir", OPT_STRING, exit_dir, "DIR", "write the exit status to DIR/ID"),
	FLAG(0, "full-attach", full_attach,
	     "attach socket in the bundle; --socket-dir-path is not used"),
	FLAG(0, "leave-stdin-open", leave_stdin_open,
	     "the container's input stays open when a client goes"),
	VALUE(0, "log-allowlist-dir", OPT_LIST, log_allowlist, "DIR",
	      "log files must be below DIR; may be repeated"),
	VALUE(0, "log-global-size-max", OPT_I64, log_global_size_max, "BYTES",
	      "stop logging after BYTES of log"),
	VALUE(0, "log-label", OPT_LIST, log_labels, "LABEL=VALUE",
	      "field for each journal entry; may be repeated"),
	VALUE(0, "log-level", OPT_STRING, log_level, "LEVEL",
	      "least important messages of this program: error, warn, info, debug or trace"),
	VALUE(0, "log-max-files", OPT_I64, log_max_files, "N",
	      "old log files that --log-rotate keeps"),
	VALUE('l', "log-path", OPT_LIST, log_paths, "[DRIVER:]PATH",
	      "where output goes: k8s-file (the default), json-file, journald, none or passthrough; "
	      "may be repeated"),
	FLAG(0, "log-rotate", log_rotate,
	     "keep a full log file under another name instead of emptying it"),
	VALUE(0, "log-size-max", OPT_I64, log_size_max, "BYTES", "begin the log file anew after BYTES"),
	VALUE(0, "log-tag", OPT_STRING, log_tag, "TAG", "tag of journal entries"),
	VALUE('n', "name", OPT_STRING, name, "NAME", "the container's name"),
	FLAG(0, "no-container-partial-message", no_partial_message,
	     "do not mark the parts of a long line in the journal"),
	FLAG(0, "no-new-keyring", no_new_keyring, "passed on to the runtime"),
	FLAG(0, "no-pivot", no_pivot, "passed on to the runtime"),
	FLAG(0, "no-sync-log", no_sync_log, "do not wait for the disk at the end"),
	VALUE('0', "persist-dir", OPT_STRING, persist_dir, "DIR",
	      "write the exit status to DIR/exit, and DIR/oom when memory ran out"),
	FLAG(0, "replace-listen-pid", replace_listen_pid,
	     "LISTEN_PID is set to the runtime's process id, whoever it named"),
	VALUE(0, "restore", OPT_STRING, restore, "DIR", "restore the container from a checkpoint"),
	HIDDEN("restore-arg", OPT_LIST, runtime_opts),
	VALUE('r', "runtime", OPT_STRING, runtime, "FILE", "the OCI runtime"),
	VALUE(0, "runtime-arg", OPT_LIST, runtime_args, "ARG",
	      "argument for the runtime, before its command; may be repeated"),
	VALUE(0, "runtime-opt", OPT_LIST, runtime_opts, "ARG",
	      "argument for the runtime's command; may be repeated"),
	VALUE(0, "sdnotify-socket", OPT_STRING, sdnotify_socket, "SOCKET",
	      "pass the container's sd_notify messages on to SOCKET"),
	HIDDEN("seccomp-notify-plugins", OPT_STRING, ignored),
	HIDDEN("seccomp-notify-socket", OPT_STRING, ignored),
	VALUE(0, "socket-dir-path", OPT_STRING, socket_dir, "DIR",
	      "make DIR/CUUID a link to the bundle, by which the attach socket is reached"),
	FLAG('i', "stdin", interactive, "the container gets a pipe as its standard input"),
	FLAG(0, "sync", sync, "stay in the foreground"),
	FLAG(0, "syslog", syslog, "send this program's own messages to syslog, too"),
	FLAG('s', "systemd-cgroup", systemd_cgroup, "passed on to the runtime"),
	FLAG('t', "terminal", terminal, "the process has a terminal"),
	VALUE('T', "timeout", OPT_I64, timeout, "SECONDS", "kill the process after SECONDS"),
	FLAG(0, "version", version, "print versions"),
	OPT_END,
};
/* clang-format on */

void conmon_opts_defaults(struct conmon_opts *o)
{
	*o = (struct conmon_opts){
		.socket_dir = DEFAULT_SOCKET_DIR,
		.log_size_max = -1,
		.log_global_size_max = -1,
		.log_max_files = DEFAULT_MAX_FILES,
	};
}

int conmon_opts_parse(struct conmon_opts *o, char *const *argv, struct err *e)
{
	auto_(strv) struct strv words = { 0 };

	return opts_parse(conmon_opt_rows, o, argv, -1, &words, e);
}

void conmon_opts_done(struct conmon_opts *o)
{
	strv_done(&o->runtime_args);
	strv_done(&o->runtime_opts);
	strv_done(&o->exit_args);
	strv_done(&o->log_paths);
	strv_done(&o->log_labels);
	strv_done(&o->log_allowlist);
}

int conmon_opts_level(const struct conmon_opts *o, enum log_level *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{ "panic", LOG_LEVEL_ERROR },     { "fatal", LOG_LEVEL_ERROR },
		{ "error", LOG_LEVEL_ERROR },     { "warn", LOG_LEVEL_WARNING },
		{ "warning", LOG_LEVEL_WARNING }, { "info", LOG_LEVEL_INFO },
		{ "debug", LOG_LEVEL_DEBUG },     { "trace", LOG_LEVEL_DEBUG },
	};

	*ret = LOG_LEVEL_WARNING;
	if (!o->log_level)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcasecmp(o->log_level, levels[i].name) == 0) {
			*ret = levels[i].level;
			return 0;
		}
	}
	return err_set(e, EINVAL,
		       "option '--log-level': unknown value '%s', use one of: error, warn, info, "
		       "debug, trace",
		       o->log_level);
}

static int check_numbers(const struct conmon_opts *o, struct err *e)
{
	if (o->log_max_files < 0)
		return err_set(e, EINVAL, "option '--log-max-files': %lld is less than none",
			       (long long)o->log_max_files);
	if (o->log_rotate && o->log_max_files == 0)
		return err_set(
			e, EINVAL,
			"option '--log-rotate' keeps old files: give --log-max-files 1 or more");
	if (o->exit_delay < 0)
		return err_set(e, EINVAL, "option '--exit-delay': %lld lies in the past",
			       (long long)o->exit_delay);
	return 0;
}

/* Ids become names of files. */
static int check_id(const char *id, const char *what, const char *option, struct err *e)
{
	if (!id || !*id)
		return err_set(e, EINVAL, "no id of %s: give %s ID", what, option);
	if (strchr(id, '/') || streq(id, ".") || streq(id, ".."))
		return err_set(e, EINVAL, "option '%s': '%s' is no name for a file", option, id);
	return 0;
}

static int check_exec(const struct conmon_opts *o, struct err *e)
{
	if (o->exec && o->restore)
		return err_set(e, EINVAL, "options '--exec' and '--restore' exclude each other");
	if (o->exec_attach && !o->exec)
		return err_set(e, EINVAL, "option '--exec-attach' needs --exec");
	if (o->exec_attach && o->api < 1)
		return err_set(e, EINVAL, "option '--exec-attach' needs --api-version 1");
	if (o->exec && !o->exec_process_spec)
		return err_set(e, EINVAL, "option '--exec' needs --exec-process-spec FILE");
	return 0;
}

static int check_runtime(const struct conmon_opts *o, struct err *e)
{
	if (!o->runtime)
		return err_set(e, EINVAL, "no runtime: give --runtime FILE");
	if (access(o->runtime, X_OK) < 0)
		return err_sys(e, "runtime '%s'", o->runtime);
	return 0;
}

int conmon_opts_check(struct conmon_opts *o, const char *cwd, struct arena *a, struct err *e)
{
	int r = check_numbers(o, e);

	if (r >= 0)
		r = check_id(o->cid, "the container", "--cid", e);
	if (r >= 0)
		r = check_exec(o, e);
	/* CRI-O's exec has none. */
	if (r >= 0 && (o->cuuid || !o->exec || o->api >= 1))
		r = check_id(o->cuuid, "the attach socket", "--cuuid", e);
	if (r >= 0)
		r = check_runtime(o, e);
	if (r < 0)
		return r;
	if (o->log_paths.n == 0)
		return err_set(e, EINVAL, "no log: give --log-path PATH, or --log-path none");
	if (!o->bundle && !o->exec)
		o->bundle = arena_strdup(a, cwd);
	if (!o->pid_file)
		o->pid_file = arena_printf(a, "%s/pidfile-%s", cwd, o->cid);
	return 0;
}
