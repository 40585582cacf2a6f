/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "imagetool/auth/auth.h"
#include "imagetool/errors.h"
#include "imagetool/verb/login_name.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

struct values {
	const char *authfile;
	bool all;
};

static const struct opt opts[] = {
	{ .letter = 'a',
	  .name = "all",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, all),
	  .help = "forget every registry" },
	{ .name = "authfile",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, authfile),
	  .arg = "FILE",
	  .help = "credentials (auth.json or docker's config.json) in place of the usual files" },
	OPT_END,
};

static int run(const void *global UNUSED, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	const struct auth_opts auth = { .authfile = v->authfile, .wakefd = -1 };
	auto_(login_name) struct login_name name = { 0 };
	int r;

	if (v->all && n > 0)
		return err_set(e, IMAGE_EUSAGE, "--all and REGISTRY exclude each other");
	r = login_name_parse(n > 0 ? args[0] : "docker.io", &name, e);
	if (r >= 0)
		r = auth_erase(&auth, v->all ? NULL : name.key, e);
	if (r < 0)
		return err_wrap(e, r, "log out");
	if (r == 0 && !v->all)
		return err_set(e, IMAGE_EDENIED, "nobody is logged in to '%s'", name.key);
	if (v->all)
		(void)fprintf(stderr, "%d forgotten\n", r);
	else
		(void)fprintf(stderr, "%s: forgotten\n", name.key);
	return 0;
}

const struct verb verb_logout = {
	.name = "logout",
	.args = "[REGISTRY[/NAMESPACE]]",
	.summary = "forget the name and the password for a registry",
	.details =
		"They go from every file and helper that has them, for all tools that read these.  "
		"Without REGISTRY it is Docker Hub.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 0,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
