/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/events.h"

#include <errno.h>
#include <stdio.h>

#include "libutil/parse.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

#define DEFAULT_INTERVAL_NS INT64_C(5000000000)

struct values {
	bool stats;
	int64_t interval_ns;
};

static int set_interval(void *values, const char *text, struct err *e)
{
	struct values *v = values;
	int64_t ns = 0;

	if (parse_duration(text, &ns) < 0 || ns <= 0)
		return err_set(e, EINVAL,
			       "--interval: '%s' is no duration longer than 0, such as 5s or 1m30s",
			       text);
	v->interval_ns = ns;
	return 0;
}

static const struct opt opts[] = {
	{ 0, "stats", OPT_FLAG, 0, offsetof(struct values, stats), NULL,
	  "print the statistics once and exit", NULL, NULL },
	{ 0, "interval", OPT_CALL, 0, 0, "DURATION",
	  "time between two prints of the statistics (5s)", NULL, set_interval },
	OPT_END,
};

static void defaults(void *values)
{
	((struct values *)values)->interval_ns = DEFAULT_INTERVAL_NS;
}

static int load(const struct host *h, const char *id, struct store *s, struct container *c,
		struct err *e)
{
	int r = store_open(s, h->root, false, e);

	if (r >= 0)
		r = container_load(s, id, c, e);
	if (r < 0)
		return r;
	if (c->pidfd < 0)
		return err_set(e, ESRCH, "container '%s': container not running", id);
	if (!c->cgroup || cgroup_is_none(c->cgroup))
		return err_set(e, EOPNOTSUPP,
			       "container '%s' has no control group, and nothing else counts what "
			       "it uses (create it with the right to make one, without "
			       "--cgroup-manager=disabled)",
			       id);
	return 0;
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct values *v = values;
	auto_(store) struct store s = STORE_NONE;
	auto_(container) struct container c = CONTAINER_NONE;
	auto_(strbuf) struct strbuf line = { 0 };
	int r = load(globals_host(global), args[0], &s, &c, e);

	if (r < 0)
		return r;
	if (!v->stats)
		return events_follow(&c, STDOUT_FILENO, v->interval_ns, e);
	r = events_stats(&c, &line, e);
	if (r >= 0)
		(void)fputs(strbuf_str(&line), stdout);
	return r;
}

const struct verb verb_events = {
	.name = "events",
	.args = "CONTAINER",
	.summary = "print what a container uses, and when it runs out of memory",
	.details =
		"One JSON object a line: 'type', 'id' and 'data', until the container ends. The data of 'stats' are "
		"those of runc. The data of 'oom' say whose limit was hit: 'scope' is container, parent (a group "
		"around it, which 'cgroup' names), child (a group made inside it) or host; 'limit' in bytes; 'kills' "
		"counts the processes killed since the last such line, 'groupKill' says that the kernel killed all "
		"at once (memory.oom.group); 'psi' is the memory pressure at that time, where the kernel measures "
		"it.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.defaults = defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
