/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "runtime/ending/ending.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

static int run(const void *global, void *values UNUSED, char *const *args, int n UNUSED,
	       struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	auto_(container) struct container c = CONTAINER_NONE;
	auto_(strbuf) struct strbuf text = { 0 };
	enum oci_status status = OCI_STATUS_NONE;
	struct oci_exit how;
	struct oci_state state;
	int r = store_open(&s, globals_host(global)->root, false, e);

	if (r >= 0)
		r = container_load(&s, args[0], &c, e);
	if (r >= 0)
		r = container_status(&c, &status, e);
	if (r < 0)
		return r;
	container_state(&c, status, "", &state);
	if (status == OCI_STATUS_STOPPED) {
		ending_find(&c, &how);
		state.exit = &how;
	}
	oci_encode(&oci_state_type, &state, 2, &text);
	(void)printf("%s\n", strbuf_str(&text));
	return 0;
}

const struct verb verb_state = {
	.name = "state",
	.args = "CONTAINER",
	.summary = "print the state of a container as JSON",
	.details =
		"When the container has stopped, the member 'exit' says how, as far as anybody was told. Its 'reason' "
		"is one of\n"
		"\n"
		"  exited         the program ended with 'exitCode'\n"
		"  signal         'signal' and 'signalNumber' ended it, 'coreDumped' perhaps\n"
		"  oom-kill       SIGKILL, and the kernel killed 'oomKills' processes of the\n"
		"                 container's group for want of memory\n"
		"  seccomp        SIGSYS, and the container has a seccomp filter\n"
		"  start-failure  the program could not be run; 'message' says why\n"
		"  not-started    it ended before anybody said 'start'\n"
		"  unknown        whoever reaped the process did not tell\n"
		"\n"
		"The kernel tells the end of a process to its parent alone. That is 'run' in the foreground; else who "
		"reaps the process can leave its wait status for 'state' and for poststop hooks, see exit.json under "
		"FILES. 'oomKills' is there whatever the reason, when the group counts any.",
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
