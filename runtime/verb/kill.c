/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/kill.h"

#include <signal.h>

#include "libutil/sig.h"
#include "runtime/container/select.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

struct values {
	bool all, regex;
	int sig;
};

static const struct opt opts[] = {
	{ 'a', "all", OPT_FLAG, 0, offsetof(struct values, all), NULL,
	  "signal every process of the container", NULL, NULL },
	{ 0, "regex", OPT_FLAG, 0, offsetof(struct values, regex), NULL,
	  "CONTAINER is an extended regular expression; signal each that matches", NULL, NULL },
	OPT_END,
};

static int kill_one(const struct store *s, const char *id, const void *ctx, struct err *e)
{
	const struct values *v = ctx;
	auto_(container) struct container c = CONTAINER_NONE;
	int r = container_load(s, id, &c, e);

	if (r < 0)
		return r;
	return v->all ? container_kill_all(&c, v->sig, e) : container_kill(&c, v->sig, e);
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	struct values *v = values;
	int r = 0;

	v->sig = SIGTERM;
	if (n > 1)
		r = sig_parse(args[1], &v->sig, e);
	if (r >= 0)
		r = store_open(&s, globals_host(global)->root, false, e);
	if (r < 0)
		return r;
	return v->regex ? select_matching(&s, args[0], kill_one, v, e)
			: kill_one(&s, args[0], v, e);
}

const struct verb verb_kill = {
	.name = "kill",
	.args = "CONTAINER [SIGNAL]",
	.summary = "send a signal to a container",
	.details =
		"SIGNAL is a name, with or without SIG, or a number; without it SIGTERM. SIGKILL reaches every process "
		"when the container has no pid namespace of its own, for nothing else would end them.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
