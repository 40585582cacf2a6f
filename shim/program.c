/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/log.h"
#include "libutil/path.h"
#include "shim/conmon/conmon.h"
#include "shim/verb/verbs.h"

#define SYSTEM_RUN_DIR "/run"
#define STATE_NAME     "creel-shim"
/* What docker and podman exit with when it was not the container that failed. */
#define STATUS_NOT_THE_CONTAINER 125

static const struct opt global_opts[] = {
	{ .name = "state",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct shim_globals, state),
	  .arg = "DIR",
	  .help = "where records of containers are kept; by default " SYSTEM_RUN_DIR "/" STATE_NAME
		  " for root, else $XDG_RUNTIME_DIR/" STATE_NAME },
	LOG_OPT_ROWS(offsetof(struct shim_globals, log)),
	OPT_END,
};

static int set_state(struct shim_globals *g, const char *dir, const char *name, struct err *e)
{
	autofree char *path = path_join(dir, name);
	autofree char *absolute = path_absolute(path);

	size_t len = strlen(absolute);

	if (len >= sizeof(g->state_text))
		return err_set(e, ENAMETOOLONG, "state directory '%s'", absolute);
	memcpy(g->state_text, absolute, len + 1);
	g->state = g->state_text;
	return 0;
}

static int find_state(struct shim_globals *g, struct err *e)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (g->state)
		return set_state(g, g->state, ".", e);
	if (geteuid() == 0)
		return set_state(g, SYSTEM_RUN_DIR, STATE_NAME, e);
	if (runtime_dir && path_is_absolute(runtime_dir))
		return set_state(g, runtime_dir, STATE_NAME, e);
	return err_set(e, EINVAL,
		       "XDG_RUNTIME_DIR does not say where records are: give --state DIR");
}

static int prepare(void *global, struct err *e)
{
	struct shim_globals *g = global;
	int r;

	log_init("creel-shim");
	r = log_opts_apply(&g->log, e);
	return r < 0 ? r : find_state(g, e);
}

static int exit_status(const struct verb *v, int error UNUSED)
{
	return v == &verb_run || v == &verb_attach ? STATUS_NOT_THE_CONTAINER : 1;
}

static const struct verb *const verbs[] = {
	&verb_run,    &verb_logs, &verb_attach, &verb_wait,   &verb_stop,      &verb_restart,
	&verb_resize, &verb_list, &verb_rm,     &verb_conmon, &verb_supervise, NULL,
};

static const struct exit_row exits[] = {
	{ 0, "success" },
	{ 1, "failure, described in one line on standard error; also a wrong command line" },
	{ 125, "run, attach: creel-shim or the runtime failed, not the container" },
	{ 128,
	  "run, attach: plus the number of a signal: detached by that signal, the container goes on; "
	  "or the container was killed by it" },
	{ 0, NULL },
};

static const struct completion_row completions[] = { { "ID", "list --quiet" }, { NULL, NULL } };

/* What people type who come from engines. */
static const struct foreign_row foreign[] = {
	{ "exec|kill|pause|unpause|resume|update|events|stats|top|state|inspect|delete",
	  "'creel' does it, or the runtime that the container was started with" },
	{ "create|start", "'creel-shim run -d --bundle DIR ID' does both at once" },
	{ "pull|push|build|images|image|bundle|mount|commit",
	  "'creel-image' does what there is to do with images" },
	{ "version", "it is 'creel-shim --version'" },
	{ NULL, NULL },
};

const struct program creel_shim_program = {
	.name = "creel-shim",
	.summary = "stay beside a container: its output, its input, its exit status",
	.global_opts = global_opts,
	.global_size = sizeof(struct shim_globals),
	.prepare = prepare,
	.version = conmon_version, /* podman and CRI-O ask whoever stands in for conmon */
	.verbs = verbs,
	.exits = exits,
	.completions = completions,
	.foreign = foreign,
	.exit_status = exit_status,
};
