/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ending/delete.h"

#include "runtime/container/select.h"
#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

struct values {
	bool force, regex;
};

static const struct opt opts[] = {
	{ 'f', "force", OPT_FLAG, 0, offsetof(struct values, force), NULL,
	  "kill a container that still runs; a missing one is no error", NULL, NULL },
	{ 0, "regex", OPT_FLAG, 0, offsetof(struct values, regex), NULL,
	  "CONTAINER is an extended regular expression; delete each that matches", NULL, NULL },
	OPT_END,
};

static int delete_one(const struct store *s, const char *id, const void *ctx, struct err *e)
{
	return container_delete(s, id, ((const struct values *)ctx)->force, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	auto_(store) struct store s = STORE_NONE;
	const struct values *v = values;
	int r = store_open(&s, globals_host(global)->root, false, e);

	if (r < 0)
		return r;
	return v->regex ? select_matching(&s, args[0], delete_one, v, e)
			: delete_one(&s, args[0], v, e);
}

const struct verb verb_delete = {
	.name = "delete",
	.args = "CONTAINER",
	.summary = "delete a container and all it holds",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
