/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/path.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/verb/verbs.h"

struct values {
	const char *bundle, *file;
	bool rootless;
};

static const struct opt opts[] = {
	{ 'b', "bundle", OPT_STRING, 0, offsetof(struct values, bundle), "DIR",
	  "the bundle; without it the working directory", NULL, NULL },
	{ 'f', "config", OPT_STRING, 0, offsetof(struct values, file), "FILE",
	  "write FILE in place of the bundle's config.json", NULL, NULL },
	{ 0, "rootless", OPT_FLAG, 0, offsetof(struct values, rootless), NULL,
	  "for a caller who is not root: with a user namespace", NULL, NULL },
	OPT_END,
};

static int run(const void *global UNUSED, void *values, char *const *args UNUSED, int n UNUSED,
	       struct err *e)
{
	const struct values *v = values;
	autofree char *path =
		v->file ? xstrdup(v->file) : path_join(v->bundle ? v->bundle : ".", "config.json");
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	autofd int fd = -1;

	oci_encode(&runtime_spec_type, runtime_spec_default(&a, v->rootless), 2, &text);
	strbuf_addc(&text, '\n');
	/* O_EXCL: somebody's work is never overwritten. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, "write '%s'", path);
	return file_write_all(fd, text.data, text.len, e);
}

const struct verb verb_spec = {
	.name = "spec",
	.summary = "write a config.json to begin with",
	.details =
		"The root file system is expected in the directory 'rootfs' of the bundle. An existing file is not "
		"overwritten.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.max_args = 0,
	.stop_after = -1,
	.run = run,
};
