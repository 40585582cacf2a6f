/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/program.h"

#include <seccomp.h>

#include "oci-spec/runtime_spec.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

static const struct verb *const verbs[] = {
	&verb_checkpoint, &verb_create,  &verb_delete, &verb_devices, &verb_events, &verb_exec,
	&verb_features,   &verb_kill,    &verb_lint,   &verb_list,    &verb_mounts, &verb_pause,
	&verb_ps,         &verb_restore, &verb_resume, &verb_run,     &verb_spec,   &verb_start,
	&verb_state,      &verb_update,  NULL,
};

/* runc's callers know 1 for every failure but that of exec, which must not be taken for the
 * program's own. */
#define STATUS_FAILED      1
#define STATUS_EXEC_FAILED 255

static const struct exit_row exits[] = {
	{ 0, "success" },
	{ STATUS_FAILED,
	  "a command failed, or the command line was wrong; one line on standard error says why" },
	{ VERB_LINT_WARNINGS, "'lint' found warnings and no errors" },
	{ VERB_LINT_ERRORS, "'lint' found errors" },
	{ STATUS_EXEC_FAILED, "'exec' failed before the process ran" },
	{ 128,
	  "and a signal's number: the process that 'run' or 'exec' waited for was ended by that signal; any other "
	  "status is the process's own" },
	{ 0, NULL },
};

static int exit_status(const struct verb *v, int error UNUSED)
{
	return v == &verb_exec ? STATUS_EXEC_FAILED : STATUS_FAILED;
}

/* Docker reads the lines "version" and "commit:". */
static void version(struct strbuf *out)
{
	const struct scmp_version *sc = seccomp_version();

	strbuf_addf(out, "creel version %s\ncommit: %s\nspec: %s\n", PACKAGE_VERSION,
		    RUNTIME_SPEC_COMMIT, RUNTIME_SPEC_VERSION);
	strbuf_addf(out, "libseccomp: %u.%u.%u\n", sc->major, sc->minor, sc->micro);
}

/* Messages about a document have its path between colons: "config.json: mounts[2].type: ...". */
static void explain(const struct err *e, struct json_writer *w)
{
	for (const char *part = e->msg; part; part = strstr(part, ": ")) {
		const char *end;

		part += part == e->msg ? 0 : 2;
		end = strstr(part, ": ");
		if (!end || !runtime_spec_is_path(part, (size_t)(end - part)))
			continue;
		json_key(w, "field");
		json_string_n(w, part, (size_t)(end - part));
		return;
	}
}

static const struct completion_row completions[] = { { "CONTAINER", "list --quiet" },
						     { NULL, NULL } };

/* What people type who come from engines. */
static const struct foreign_row foreign[] = {
	{ "stop|rm|remove",
	  "'creel kill CONTAINER' and 'creel delete CONTAINER', or 'creel-shim stop' where it "
	  "supervises" },
	{ "logs|attach|wait|restart", "'creel-shim' does it, for containers that it supervises" },
	{ "inspect", "'creel state CONTAINER' tells what it is" },
	{ "stats|top", "'creel events --stats CONTAINER' and 'creel ps CONTAINER' tell it" },
	{ "unpause", "it is called 'resume'" },
	{ "pull|push|build|images|image|bundle|mount|commit",
	  "'creel-image' does what there is to do with images" },
	{ "version", "it is 'creel --version'" },
	{ NULL, NULL },
};

const struct program creel_program = {
	.name = "creel",
	.summary = "run containers as the Open Container Initiative describes them",
	.global_opts = globals_opts,
	.global_size = sizeof(struct globals),
	.global_defaults = globals_defaults,
	.prepare = globals_prepare,
	.version = version,
	.verbs = verbs,
	.exits = exits,
	.completions = completions,
	.foreign = foreign,
	.exit_status = exit_status,
	.explain = explain,
};
