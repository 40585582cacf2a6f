/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a result: --output type=local and type=tar. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "imagetool/interrupt.h"
#include "imagetool/result/beside.h"
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

struct files {
	const struct result_input *in;
	const struct result_output *out;
	const struct result_statements *statements; /* one for each image; NULL: none */
};

/* false: there is nothing beside this image's files. */
static bool beside_of(const struct files *f, size_t i, const char *platform, struct beside *ret)
{
	bool is_split_up = is_split(f->in, f->out);

	if (!f->statements || !beside_any(&f->statements[i]))
		return false;
	*ret = (struct beside){
		.statements = f->statements[i],
		.prefix = f->out->attestation_prefix,
		.platform = !is_split_up && (f->in->n > 1 || f->in->index) ? platform : NULL,
		.dir = is_split_up ? platform : NULL,
		.time = f->in->has_epoch ? f->in->epoch : time(NULL),
	};
	return true;
}

/* ---- A directory ---- */

static int write_dir(const struct files *f, size_t i, struct apply_notes *notes, struct err *e)
{
	autofree char *sub = platform_dir(&f->in->images[i].platform);
	autofree char *dir =
		is_split(f->in, f->out) ? path_join(f->out->dest, sub) : xstrdup(f->out->dest);
	const struct tree_opts opts = tree_opts_of(f->in);
	autofd int root = f->in->calls->root(f->in->calls->ctx, i, e);
	struct beside beside;
	int r = root < 0 ? root : tree_to_dir(root, dir, &opts, notes, e);

	return r < 0 || !beside_of(f, i, sub, &beside) ? r : beside_to_dir(&beside, root, dir, e);
}

static int write_dirs(const struct files *f, struct err *e)
{
	struct apply_notes notes = { 0 };
	mode_t mask = umask(0);
	int r = 0;

	for (size_t i = 0; i < f->in->n && r >= 0; i++)
		r = write_dir(f, i, &notes, e);
	(void)umask(mask);
	if (r >= 0)
		rootfs_warn(&notes);
	return r < 0 ? err_wrap(e, r, "write '%s'", f->out->dest) : 0;
}

/* ---- An archive ---- */

static int to_fd(void *fd, const void *data, size_t len, struct err *e)
{
	int r = interrupt_check(e);

	return r < 0 ? r : file_write_all(*(int *)fd, data, len, e);
}

static int write_tree(const struct files *f, size_t i, struct tar_writer *w, struct err *e)
{
	autofree char *dir = platform_dir(&f->in->images[i].platform);
	struct tree_opts opts = tree_opts_of(f->in);
	autofd int root = f->in->calls->root(f->in->calls->ctx, i, e);
	struct beside beside;
	int r;

	if (is_split(f->in, f->out))
		opts.prefix = dir;
	r = root < 0 ? root : tree_to_tar(root, &opts, w, e);
	return r < 0 || !beside_of(f, i, dir, &beside) ? r : beside_to_tar(&beside, root, w, e);
}

static int write_trees(const struct files *f, int fd, struct err *e)
{
	autofree struct tar_writer *w = xcalloc(1, sizeof(*w));
	int r = 0;

	tar_writer_init_sink(w, (struct byte_sink){ to_fd, &fd });
	for (size_t i = 0; i < f->in->n && r >= 0; i++)
		r = write_tree(f, i, w, e);
	return r < 0 ? r : tar_write_end(w, e);
}

/* A file appears whole or not at all. */
static int write_file(const struct files *f, struct err *e)
{
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(staging_file) struct staging_file file = STAGING_FILE_INIT;
	int r = staging_file_begin(f->out->dest, &file, e);

	if (r >= 0 && file.temp)
		interrupt_hold(&held);
	if (r >= 0)
		r = write_trees(f, file.fd, e);
	return r < 0 ? r : staging_file_commit(&file, e);
}

int result_deliver_files(const struct result_input *in, const struct result_output *out,
			 struct result_shared *shared, struct err *e)
{
	struct files f = { .in = in, .out = out };
	int r;

	if (!in->calls || !in->calls->root)
		return err_set(e, EINVAL, "there are no files to be had");
	r = result_statements_find(in, shared, e);
	if (r < 0)
		return r;
	f.statements = shared->statements;
	if (out->kind == OUTPUT_LOCAL)
		return write_dirs(&f, e);
	return streq(out->dest, "-") ? write_trees(&f, STDOUT_FILENO, e) : write_file(&f, e);
}
