/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "imagetool/commit/squash.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/program.h"
#include "imagetool/store/image.h"
#include "imagetool/unpack/staging.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/file.h"

struct values {
	const char *output, *platform;
};

static const struct opt opts[] = {
	{ .letter = 'o',
	  .name = "output",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, output),
	  .arg = "FILE|-",
	  .help = "where to write; by default standard output" },
	MEMBER_OPT_ROW(offsetof(struct values, platform)),
	OPT_END,
};

static int to_fd(void *fd, const void *data, size_t len, struct err *e)
{
	int r = interrupt_check(e);

	return r < 0 ? r : file_write_all(*(int *)fd, data, len, e);
}

static int export_to_fd(const struct store *s, const struct image *img, int fd, struct err *e)
{
	if (!img->config || img->config->rootfs->diff_ids.n != img->manifest->layers.n)
		return err_set(e, EINVAL, "it is not a container image");
	return squash_write(img->manifest->layers.items, &img->config->rootfs->diff_ids, s,
			    (struct byte_sink){ to_fd, &fd }, e);
}

/* A file appears whole or not at all; a pipe or device is written as it is. */
static int export_to_file(const struct store *s, const struct image *img, const char *path,
			  struct err *e)
{
	/* Released last: a file that has a name is gone when the signal arrives. */
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(staging_file) struct staging_file file = STAGING_FILE_INIT;
	int r = staging_file_begin(path, &file, e);

	if (r >= 0 && file.temp)
		interrupt_hold(&held);
	if (r >= 0)
		r = export_to_fd(s, img, file.fd, e);
	return r < 0 ? r : staging_file_commit(&file, e);
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct values *v = values;
	bool to_stdout = !v->output || streq(v->output, "-");
	auto_(image) struct image img = { 0 };
	auto_(store) struct store *s = NULL;
	struct platform platform;
	int r = 0;

	if (to_stdout && isatty(STDOUT_FILENO))
		return err_set(e, IMAGE_EUSAGE, "standard output is a terminal: give -o FILE");
	if (v->platform)
		r = platform_of_option(v->platform, &platform, e);
	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &s, e);
	if (r >= 0)
		r = image_load(s, args[0], v->platform ? &platform : NULL, &img, e);
	if (r >= 0)
		r = to_stdout ? export_to_fd(s, &img, STDOUT_FILENO, e)
			      : export_to_file(s, &img, v->output, e);
	return r < 0 ? err_wrap(e, r, "export '%s'", args[0]) : 0;
}

const struct verb verb_export = {
	.name = "export",
	.args = "IMAGE",
	.summary = "write an image's root file system as one tar archive",
	.details =
		"The layers are merged as they are read, nothing is unpacked: owners, modes, times, "
		"extended attributes and devices are the image's, also for an ordinary user.  The same "
		"image gives the same bytes.  `import` makes an image of it again.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
