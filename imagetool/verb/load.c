/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "imagetool/archive/load.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/layer.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"

struct values {
	const char *input, *name;
	int64_t max_size;
	bool quiet;
};

static const struct opt opts[] = {
	{ .letter = 'i',
	  .name = "input",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, input),
	  .arg = "FILE|DIR|-",
	  .help = "archive or layout; by default standard input" },
	{ .name = "name",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, name),
	  .arg = "NAME",
	  .help = "what to call the image, instead of what it is called there" },
	{ .name = "max-size",
	  .kind = OPT_SIZE,
	  .offset = offsetof(struct values, max_size),
	  .arg = "SIZE",
	  .help = "refuse an archive that holds more bytes when it is uncompressed (1 TiB)" },
	QUIET_OPT_ROW(offsetof(struct values, quiet), "do not say what was loaded"),
	OPT_END,
};

static int open_input(const char *input, struct err *e)
{
	int fd;

	if (streq(input, "-")) {
		if (isatty(STDIN_FILENO))
			return err_set(e, IMAGE_EUSAGE,
				       "standard input is a terminal: give -i FILE");
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		fd = open(input, O_RDONLY | O_CLOEXEC);
	}
	return fd < 0 ? err_sys(e, "open '%s'", input) : fd;
}

static int load(struct store *s, const char *input, const struct load_opts *how,
		struct load_result *ret, struct err *e)
{
	autofd int fd = open_input(input, e);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat '%s'", input);
	if (S_ISDIR(st.st_mode))
		r = load_layout(s, input, how, ret, e);
	else
		r = load_archive(s, (struct byte_source){ byte_source_read_fd, &fd }, how, ret, e);
	return r < 0 ? err_wrap(e, r, "load '%s'", input) : 0;
}

/* What no image needs, and after a failure everything that came.  A store of its own: the other one
 * holds what it has seen. */
static void collect(const void *global)
{
	auto_(store) struct store *s = NULL;
	struct store_gc_result gc;

	if (globals_open_store(global, STORE_WRITE, &s, NULL) >= 0)
		(void)store_gc(s, &gc, NULL);
}

static void print_result(const struct load_result *result)
{
	for (size_t i = 0; i < result->names.n; i++)
		(void)printf("Loaded image: %s\n", result->names.v[i]);
}

static int run(const void *global, void *values, char *const *args UNUSED, int n UNUSED,
	       struct err *e)
{
	const struct values *v = values;
	const struct load_opts how = { .name = v->name, .max_bytes = v->max_size };
	struct load_result result = { 0 };
	auto_(interrupt) struct interrupt held = { 0 };
	struct store *s = NULL;
	int r = v->name ? argument_check_reference(v->name, e) : 0;

	if (r >= 0 && v->max_size < 0)
		r = err_set(e, IMAGE_EUSAGE, "--max-size: a size, or none at all");
	if (r >= 0)
		r = globals_open_store(global, STORE_CREATE, &s, e);
	interrupt_hold(&held);
	if (r >= 0)
		r = load(s, v->input ? v->input : "-", &how, &result, e);
	store_free(s);
	collect(global);
	/* Also those that came before the one that failed: they are there. */
	if (!v->quiet)
		print_result(&result);
	strv_done(&result.names);
	return r;
}

const struct verb verb_load = {
	.name = "load",
	.args = "",
	.summary = "bring images from an archive or a layout into the store",
	.details =
		"Takes what `save`, docker, podman, skopeo, buildah and umoci write: OCI archives,\n"
		"OCI layouts (directories) and docker-archives, archives also inside gzip or zstd.\n"
		"Which it is, is found out.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 0,
	.max_args = 0,
	.stop_after = -1,
	.run = run,
};
