/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/import.h"
#include "imagetool/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/human.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/budget.h"
#include "imagetool/layer/layer.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/layer_flags.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"

struct values {
	const char *message, *platform;
	struct strv changes;
	struct layer_flags layer;
	bool quiet;
	struct budget_opts budget;
};

static const struct opt opts[] = {
	CHANGE_OPT_ROW(offsetof(struct values, changes)),
	MESSAGE_OPT_ROW(offsetof(struct values, message)),
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "what the files are for; by default this machine" },
	LAYER_OPT_ROWS(offsetof(struct values, layer), layer_compressions, "of the layer"),
	QUIET_OPT_ROW(offsetof(struct values, quiet), "print nothing but the image's id"),
	BUDGET_OPT_ROWS(offsetof(struct values, budget)),
	OPT_END,
};

static int open_input(const char *file, struct err *e)
{
	int fd;

	if (strstr(file, "://"))
		return err_set(
			e, IMAGE_EUSAGE,
			"'%s' is an URL: fetch it with a tool of your trust, and pipe it in: "
			"curl -f URL | creel-image import -",
			file);
	if (streq(file, "-") && isatty(STDIN_FILENO))
		return err_set(e, IMAGE_EUSAGE, "standard input is a terminal: name a file");
	fd = streq(file, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			      : open(file, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", file) : fd;
}

static int import(const void *global, const struct values *v, const char *file,
		  const struct import_opts *o, struct err *e)
{
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(store) struct store *s = NULL;
	struct import_result result;
	char size[HUMAN_SIZE];
	autofd int fd = open_input(file, e);
	int r = fd < 0 ? fd : globals_open_store(global, STORE_CREATE, &s, e);

	interrupt_hold(&held);
	if (r >= 0)
		r = import_tar(s, (struct byte_source){ byte_source_read_fd, &fd }, o, &result, e);
	if (r < 0)
		return err_wrap(e, r, "import '%s'", file);
	if (!v->quiet)
		(void)fprintf(stderr, "%zu entries, a layer of %s\n", result.entries,
			      human_size((uint64_t)result.layer_size, size));
	(void)printf("%s\n", result.id);
	return 0;
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	auto_(image_reference) struct image_reference ref = { 0 };
	autofree char *name = NULL;
	struct platform platform;
	struct import_opts o = {
		.changes = &v->changes,
		.message = v->message ? v->message : "imported from a tar archive",
		.platform = &platform,
		.compression = layer_flags_compression(&v->layer),
		.max_bytes = v->budget.max_size,
		.max_entries = v->budget.max_entries,
	};
	int r = n > 1 ? argument_reference(args[1], &ref, e) : 0;

	if (r >= 0)
		r = layer_flags_check(&o.compression, e);
	if (r >= 0)
		r = epoch_read(NULL, &o.has_epoch, &o.epoch, e);
	if (r >= 0)
		r = budget_opts_check(&v->budget, e);
	platform_host(&platform);
	/* What an image says it needs is what its files need, not what this machine can do. */
	platform.variant[0] = '\0';
	if (r >= 0 && v->platform)
		r = platform_of_option(v->platform, &platform, e);
	if (r < 0)
		return r;
	o.name = name = n > 1 ? reference_text(&ref) : NULL;
	return import(global, v, args[0], &o, e);
}

const struct verb verb_import = {
	.name = "import",
	.args = "FILE|- [NAME]",
	.summary = "make an image of a tar archive of a root file system",
	.details =
		"The archive may be inside gzip or zstd.  Its bytes stay as they are: the layer's diffID "
		"is their digest.  The same archive, options and SOURCE_DATE_EPOCH give the same image.  "
		"Without NAME the image is known by its id, which is printed.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
