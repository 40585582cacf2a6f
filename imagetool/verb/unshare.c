/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/mount/userns.h"
#include "imagetool/program.h"
#include "imagetool/verb/verbs.h"
#include "libutil/proc.h"
#include "libutil/strv.h"

static int run(const void *global UNUSED, void *values UNUSED, char *const *args, int n,
	       struct err *e)
{
	const char *shell = getenv("SHELL");
	auto_(strv) struct strv argv = { 0 };
	int status = 0, r;

	if (n)
		strv_add_all(&argv, args);
	else
		strv_add(&argv, shell && *shell ? shell : "/bin/sh");
	r = userns_run(strv_argv(&argv), &status, e);
	return r < 0 ? r : proc_exit_code(status);
}

const struct verb verb_unshare = {
	.name = "unshare",
	.args = "[COMMAND [ARG...]]",
	.summary = "run a command as root of a user namespace, where mounting is allowed",
	.details =
		"Your own id is root in there, and the ranges of /etc/subuid and /etc/subgid are the other\n"
		"ids, so that images unpack with their owners.  Mounts are seen in there only and are gone\n"
		"when the command ends.  Without COMMAND it is a shell.",
	.min_args = 0,
	.max_args = -1,
	.stop_after = 0,
	.run = run,
};
