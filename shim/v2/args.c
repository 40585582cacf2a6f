/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/args.h"

#include <errno.h>

#include "libutil/path.h"

struct given {
	struct v2_args a;
	bool version, info;
	const char *debug_socket;
};

#define TEXT(n, member, value, text)                                                               \
	{                                                                                          \
		.name = (n), .kind = OPT_STRING, .offset = offsetof(struct given, member),         \
		.arg = (value), .help = (text)                                                     \
	}

const struct opt v2_args_rows[] = {
	TEXT("namespace", a.namespace_name, "NS", "namespace of the task"),
	TEXT("id", a.id, "ID", "id of the task"),
	TEXT("address", a.address, "PATH", "containerd's socket"),
	TEXT("publish-binary", a.publish_binary, "PATH",
	     "containerd's program, for events where its other socket is not told"),
	TEXT("bundle", a.bundle, "DIR", "bundle of the task, for delete"),
	TEXT("socket", a.socket, "PATH", "serve at this socket instead of descriptor 3"),
	TEXT("debug-socket", debug_socket, "PATH", "accepted for what it means to shims in Go"),
	{ .name = "debug",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct given, a.debug),
	  .help = "log what happens" },
	{ .name = "info",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct given, info),
	  .help = "tell about the runtime, as a message, and exit" },
	{ .letter = 'v',
	  .name = "version",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct given, version),
	  .help = "show the version and exit" },
	OPT_END,
};

static const struct {
	const char *name;
	enum v2_action action;
} actions[] = { { "start", V2_START }, { "delete", V2_DELETE } };

static bool is_given(const char *text)
{
	return text && *text;
}

static int find_action(const struct strv *words, enum v2_action *ret, struct err *e)
{
	*ret = V2_SERVE;
	if (words->n == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (streq(words->v[0], actions[i].name)) {
			*ret = actions[i].action;
			return 0;
		}
	return err_set(e, EINVAL, "unknown action '%s', use start or delete, or none to serve",
		       words->v[0]);
}

/* containerd 2.3 tells the namespace and the id of a task to start in its message, too. */
static int check(const struct v2_args *a, struct err *e)
{
	if (a->action == V2_START)
		return 0;
	if (!is_given(a->namespace_name))
		return err_set(e, EINVAL, "option '-namespace' is missing");
	if (a->action == V2_DELETE && !is_given(a->id))
		return err_set(e, EINVAL, "option '-id' is missing");
	return 0;
}

int v2_args_parse(char *const *argv, struct v2_args *ret, struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	struct given g = { .a.program = path_base(argv[0]) };
	int r = opts_parse(v2_args_rows, &g, argv, 1, &words, e);

	if (r < 0)
		return r;
	if (r > 0 || g.version || g.info)
		g.a.action = r > 0 ? V2_HELP : g.version ? V2_VERSION : V2_INFO;
	else
		r = find_action(&words, &g.a.action, e);
	if (r == 0 && g.a.action <= V2_DELETE)
		r = check(&g.a, e);
	if (r < 0)
		return r;
	*ret = g.a;
	return 0;
}

void v2_args_help(const char *program, struct strbuf *out)
{
	strbuf_addf(
		out,
		"Usage: %s [OPTIONS] start|delete\n\n"
		"A shim: containerd calls it to have containers supervised (see containerd-shim-creel-v2(8)).\n\n"
		"Options:\n",
		program);
	opts_help(v2_args_rows, out);
}
