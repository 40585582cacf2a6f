/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "runtime/container/container.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

static int run(const void *global, void *values UNUSED, char *const *args, int n UNUSED,
	       struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	auto_(container) struct container c = CONTAINER_NONE;
	auto_(strbuf) struct strbuf text = { 0 };
	enum oci_status status = OCI_STATUS_NONE;
	struct oci_state state;
	int r = store_open(&s, globals_host(global)->root, false, e);

	if (r >= 0)
		r = container_load(&s, args[0], &c, e);
	if (r >= 0)
		r = container_status(&c, &status, e);
	if (r < 0)
		return r;
	container_state(&c, status, "", &state);
	oci_encode(&oci_state_type, &state, 2, &text);
	(void)printf("%s\n", strbuf_str(&text));
	return 0;
}

const struct verb verb_state = {
	.name = "state",
	.args = "CONTAINER",
	.summary = "print the state of a container as JSON",
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
