/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a result: --output type=local and type=tar. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/interrupt.h"
#include "imagetool/result/deliver.h"
#include "imagetool/result/tree.h"
#include "imagetool/unpack/rootfs.h"
#include "imagetool/unpack/staging.h"
#include "libutil/alloc.h"
#include "libutil/fd.h"
#include "libutil/file.h"
#include "libutil/path.h"

/* Each platform by itself, as long as nobody says otherwise. */
static bool is_split(const struct result_input *in, const struct result_output *out)
{
	return out->split == OUTPUT_UNSAID ? in->n > 1 || in->index : out->split == OUTPUT_YES;
}

/* "linux_arm64_v8" */
static char *platform_dir(const struct platform *p)
{
	char text[PLATFORM_TEXT_SIZE];
	char *dir = xstrdup(platform_text(p, text));

	for (char *c = dir; *c; c++)
		if (*c == '/')
			*c = '_';
	return dir;
}

static struct tree_opts tree_opts_of(const struct result_input *in)
{
	return (struct tree_opts){ .has_latest = in->has_epoch, .latest = in->epoch };
}

/* ---- A directory ---- */

static int write_dir(const struct result_input *in, const struct result_output *out, size_t i,
		     struct apply_notes *notes, struct err *e)
{
	autofree char *sub = platform_dir(&in->images[i].platform);
	autofree char *dir = is_split(in, out) ? path_join(out->dest, sub) : xstrdup(out->dest);
	const struct tree_opts opts = tree_opts_of(in);
	autofd int root = in->calls->root(in->calls->ctx, i, e);

	return root < 0 ? root : tree_to_dir(root, dir, &opts, notes, e);
}

static int write_dirs(const struct result_input *in, const struct result_output *out, struct err *e)
{
	struct apply_notes notes = { 0 };
	mode_t mask = umask(0);
	int r = 0;

	for (size_t i = 0; i < in->n && r >= 0; i++)
		r = write_dir(in, out, i, &notes, e);
	(void)umask(mask);
	if (r >= 0)
		rootfs_warn(&notes);
	return r < 0 ? err_wrap(e, r, "write '%s'", out->dest) : 0;
}

/* ---- An archive ---- */

static int to_fd(void *fd, const void *data, size_t len, struct err *e)
{
	int r = interrupt_check(e);

	return r < 0 ? r : file_write_all(*(int *)fd, data, len, e);
}

static int write_trees(const struct result_input *in, const struct result_output *out, int fd,
		       struct err *e)
{
	autofree struct tar_writer *w = xcalloc(1, sizeof(*w));
	int r = 0;

	tar_writer_init_sink(w, (struct byte_sink){ to_fd, &fd });
	for (size_t i = 0; i < in->n && r >= 0; i++) {
		autofree char *dir = platform_dir(&in->images[i].platform);
		struct tree_opts opts = tree_opts_of(in);
		autofd int root = in->calls->root(in->calls->ctx, i, e);

		if (is_split(in, out))
			opts.prefix = dir;
		r = root < 0 ? root : tree_to_tar(root, &opts, w, e);
	}
	return r < 0 ? r : tar_write_end(w, e);
}

/* A file appears whole or not at all. */
static int write_file(const struct result_input *in, const struct result_output *out, struct err *e)
{
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(staging_file) struct staging_file file = STAGING_FILE_INIT;
	int r = staging_file_begin(out->dest, &file, e);

	if (r >= 0 && file.temp)
		interrupt_hold(&held);
	if (r >= 0)
		r = write_trees(in, out, file.fd, e);
	return r < 0 ? r : staging_file_commit(&file, e);
}

int result_deliver_files(const struct result_input *in, const struct result_output *out,
			 struct err *e)
{
	if (!in->calls || !in->calls->root)
		return err_set(e, EINVAL, "there are no files to be had");
	if (out->kind == OUTPUT_LOCAL)
		return write_dirs(in, out, e);
	return streq(out->dest, "-") ? write_trees(in, out, STDOUT_FILENO, e)
				     : write_file(in, out, e);
}
