/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "imagetool/push/artifact.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/remote.h"
#include "imagetool/verb/verbs.h"

struct pull_values {
	const char *output, *type;
	bool keep, quiet;
	struct registry_flags registry;
};

static const struct opt pull_opts[] = {
	{ .letter = 'o',
	  .name = "output",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct pull_values, output),
	  .arg = "DIR",
	  .help = "where the files go; by default here" },
	{ .name = "media-type",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct pull_values, type),
	  .arg = "TYPE",
	  .help = "only files of this media type" },
	{ .letter = 'k',
	  .name = "keep-old-files",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct pull_values, keep),
	  .help = "fail rather than replace a file that is there" },
	REGISTRY_OPT_ROWS(offsetof(struct pull_values, registry)),
	QUIET_OPT_ROW(offsetof(struct pull_values, quiet), "do not print the names of the files"),
	OPT_END,
};

static void pull_defaults(void *values)
{
	struct pull_values *v = values;

	v->output = ".";
	registry_flags_defaults(&v->registry);
}

static int artifact_pull_run(const void *global UNUSED, void *values, char *const *args,
			     int n UNUSED, struct err *e)
{
	struct pull_values *v = values;
	const struct artifact_pull_opts opts = { .dir = v->output,
						 .type = v->type,
						 .keep = v->keep };
	auto_(remote) struct remote remote = { .signals = -1 };
	auto_(strbuf) struct strbuf out = { 0 };
	auto_(strv) struct strv paths = { 0 };
	int r = remote_open(&remote, args[0], &v->registry, REMOTE_READ, e);

	if (r >= 0)
		r = artifact_pull(remote.registry, remote_reference(&remote), &opts, &paths, e);
	if (r < 0)
		return err_wrap(e, r, "pull '%s'", args[0]);
	for (size_t i = 0; i < paths.n && !v->quiet; i++)
		strbuf_addf(&out, "%s\n", paths.v[i]);
	return remote_print(&out, e);
}

const struct verb verb_artifact_pull = {
	.name = "artifact pull",
	.args = "NAME",
	.summary = "fetch files from a registry",
	.details =
		"NAME is [docker://][REGISTRY/]REPOSITORY[:TAG][@DIGEST].  Each file is checked "
		"against its digest before it is there under its name; a name that leads out of DIR "
		"is refused.  A file that has none is called after its digest.  The names are "
		"printed, one a line.",
	.opts = pull_opts,
	.opts_size = sizeof(struct pull_values),
	.defaults = pull_defaults,
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = artifact_pull_run,
};
