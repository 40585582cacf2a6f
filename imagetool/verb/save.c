/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imagetool/archive/save.h"
#include "imagetool/interrupt.h"
#include "imagetool/program.h"
#include "imagetool/unpack/staging.h"
#include "imagetool/verb/verbs.h"
#include "libutil/alloc.h"

enum format { FORMAT_OCI_ARCHIVE, FORMAT_OCI_DIR, FORMAT_DOCKER_ARCHIVE };
static const char *const formats[] = { "oci-archive", "oci-dir", "docker-archive", NULL };

struct values {
	const char *output, *platform;
	int format;
};

static const struct opt opts[] = {
	{ .letter = 'o',
	  .name = "output",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, output),
	  .arg = "FILE|DIR|-",
	  .help = "where to write; by default standard output" },
	{ .name = "format",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct values, format),
	  .arg = "FORMAT",
	  .choices = formats,
	  .help = "oci-archive (the default), oci-dir or docker-archive" },
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "which member of a multi-platform image; by default this machine's" },
	OPT_END,
};

/* ---- Output ---- */

static int save_to_fd(const struct store *s, const struct save_images *images, int format, int fd,
		      struct err *e)
{
	struct sink *to = sink_tar_new(fd);
	int r = format == FORMAT_DOCKER_ARCHIVE ? save_docker(s, images, to, e)
						: save_oci(s, images, to, e);

	sink_tar_free(to);
	return r;
}

/* A file appears whole or not at all; a pipe or device is written as it is. */
static int save_to_file(const struct store *s, const struct save_images *images, int format,
			const char *path, struct err *e)
{
	/* Released last: a file that has a name is gone when the signal arrives. */
	auto_(interrupt) struct interrupt held = { 0 };
	auto_(staging_file) struct staging_file file = STAGING_FILE_INIT;
	int r = staging_file_begin(path, &file, e);

	if (r >= 0 && file.temp)
		interrupt_hold(&held);
	if (r >= 0)
		r = save_to_fd(s, images, format, file.fd, e);
	return r < 0 ? r : staging_file_commit(&file, e);
}

static int save_to_dir(const struct store *s, const struct save_images *images, const char *path,
		       struct err *e)
{
	auto_(staging) struct staging stage = STAGING_INIT;
	struct sink *to;
	int r = staging_begin(path, &stage, e);

	if (r < 0)
		return r;
	/* Nothing in a layout is secret or setuid. */
	if (fchmod(stage.fd, 0755) < 0)
		return err_sys(e, "set the mode of '%s'", path);
	to = sink_dir_new(stage.fd);
	r = save_oci(s, images, to, e);
	sink_dir_free(to);
	return r < 0 ? r : staging_commit(&stage, NULL, e);
}

static int save(const struct store *s, const struct save_images *images, const struct values *v,
		struct err *e)
{
	auto_(interrupt) struct interrupt held = { 0 };
	bool to_stdout = !v->output || streq(v->output, "-");

	if (v->format == FORMAT_OCI_DIR && to_stdout)
		return err_set(e, EINVAL, "oci-dir needs -o DIR");
	if (to_stdout && isatty(STDOUT_FILENO))
		return err_set(e, EINVAL, "standard output is a terminal: give -o FILE");
	if (v->format == FORMAT_OCI_DIR) {
		interrupt_hold(&held);
		return save_to_dir(s, images, v->output, e);
	}
	/* Nothing to clean up; and a pipe may make us wait for ever. */
	if (to_stdout)
		return save_to_fd(s, images, v->format, STDOUT_FILENO, e);
	return save_to_file(s, images, v->format, v->output, e);
}

/* ---- The verb ---- */

static int load_and_save(const struct store *s, char *const *names, size_t n,
			 const struct values *v, const struct platform *platform, struct err *e)
{
	struct image *items = xcalloc(n, sizeof(*items));
	struct save_images images = { .items = items };
	int r = 0;

	for (; images.n < n && r >= 0; images.n++)
		r = image_load(s, names[images.n], platform, &items[images.n], e);
	if (r >= 0)
		r = save(s, &images, v, e);
	for (size_t i = 0; i < images.n; i++)
		image_done(&items[i]);
	free(items);
	return r;
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	auto_(store) struct store *s = NULL;
	struct platform platform;
	int r = v->platform ? platform_parse(v->platform, &platform, e) : 0;

	if (r >= 0)
		r = globals_open_store(global, STORE_READ, &s, e);
	if (r >= 0)
		r = load_and_save(s, args, (size_t)n, v, v->platform ? &platform : NULL, e);
	return r < 0 ? r : 0;
}

const struct verb verb_save = {
	.name = "save",
	.args = "IMAGE...",
	.summary = "write images to an archive or a layout",
	.details =
		"oci-archive and oci-dir are OCI image layouts, as podman, skopeo and umoci read them;\n"
		"docker-archive is what docker load takes.  The same images give the same bytes.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 1,
	.max_args = -1,
	.stop_after = -1,
	.run = run,
};
