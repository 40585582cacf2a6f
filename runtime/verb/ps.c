/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/live/members.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/live/ps.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

enum format { TABLE, JSON };
static const char *const formats[] = { "table", "json", NULL };

struct values {
	int format;
};

static const struct opt opts[] = {
	{ 'f', "format", OPT_CHOICE, 0, offsetof(struct values, format), "FORMAT", "table or json",
	  formats, NULL },
	OPT_END,
};

static int load_pids(const struct host *h, const char *id, pid_t **ret, size_t *ret_n,
		     struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	auto_(container) struct container c = CONTAINER_NONE;
	int r = store_open(&s, h->root, false, e);

	if (r >= 0)
		r = container_load(&s, id, &c, e);
	return r < 0 ? r : container_pids(&c, ret, ret_n, e);
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	auto_(strbuf) struct strbuf out = { 0 };
	autofree pid_t *pids = NULL;
	size_t n_pids = 0;
	int r = load_pids(globals_host(global), args[0], &pids, &n_pids, e);

	if (r < 0)
		return r;
	if (v->format == JSON) {
		ps_json(pids, n_pids, &out);
		strbuf_addc(&out, '\n');
	} else {
		r = ps_table(pids, n_pids, args + 1, (size_t)n - 1, &out, e);
	}
	if (r >= 0)
		(void)fputs(strbuf_str(&out), stdout);
	return r;
}

const struct verb verb_ps = {
	.name = "ps",
	.args = "CONTAINER [PS-OPTION...]",
	.summary = "list the processes of a container",
	.details =
		"A table is that of the host's ps program, called with the options behind CONTAINER (without: -ef), "
		"reduced to the container's processes. JSON is an array of process ids.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = -1,
	.stop_after = 1,
	.run = run,
};
