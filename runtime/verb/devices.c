/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/selfexe.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/live.h"
#include "runtime/verb/verbs.h"

struct values {
	struct strv devices;
};

static const struct opt opts[] = {
	{ 0, "device", OPT_LIST, 0, offsetof(struct values, devices),
	  "HOST[:CONTAINER[:PERMISSIONS]]",
	  "a device of the host to add, with permissions of r, w and m; to remove one, its path in the container",
	  NULL, NULL },
	OPT_END,
};

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	struct live_request req = { .host = globals_host(global), .words = &v->devices };
	int r = live_arguments(args, n, &req, e);

	if (r >= 0)
		r = selfexe_protect(NULL, e);
	return r < 0 ? r : container_devices(&req, e);
}

const struct verb verb_devices = {
	.name = "devices",
	.args = "add|remove CONTAINER [FILE]",
	.summary = "add devices to a running container, or remove them",
	.details =
		"A device is a node in the container and the permission to use it. FILE, or - for standard input, is a "
		"JSON array of devices as in config.json's linux.devices, each with an optional \"access\" of r, w and m; "
		"to remove one the path is enough. A program that has a removed device open keeps it.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 2,
	.max_args = 3,
	.stop_after = -1,
	.run = run,
};
