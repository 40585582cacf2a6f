/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "imagetool/commit/commit.h"
#include "imagetool/human.h"
#include "imagetool/interrupt.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/layer_flags.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/file.h"
#include "libutil/log.h"

struct values {
	const char *from, *author, *message, *epoch, *iidfile;
	struct strv changes;
	bool squash, checksum, quiet;
	int format;
	struct layer_flags layer;
};

static const char *const formats[] = { "base", "oci", "docker", NULL };

static const struct opt opts[] = {
	{ .name = "from",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, from),
	  .arg = "IMAGE",
	  .help = "what the files were made of; a bundle knows its image" },
	CHANGE_OPT_ROW(offsetof(struct values, changes)),
	{ .letter = 'a',
	  .name = "author",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, author),
	  .arg = "TEXT",
	  .help = "who made the image" },
	MESSAGE_OPT_ROW(offsetof(struct values, message)),
	{ .letter = 's',
	  .name = "squash",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, squash),
	  .help = "one layer with all files, instead of one more" },
	{ .letter = 'f',
	  .name = "format",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct values, format),
	  .choices = formats,
	  .help = "of the manifest: as the base has it" },
	LAYER_OPT_ROWS(offsetof(struct values, layer), layer_compressions, "of the new layer"),
	{ .name = "checksum",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, checksum),
	  .help = "compare the content of all files that look the same" },
	{ .name = "source-date-epoch",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, epoch),
	  .arg = "SECONDS",
	  .help = "when the image was made, and no file in its layer is later; by default "
		  "$SOURCE_DATE_EPOCH" },
	{ .name = "iidfile",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, iidfile),
	  .arg = "FILE",
	  .help = "write the image's id there" },
	QUIET_OPT_ROW(offsetof(struct values, quiet), "print nothing but the image's id"),
	OPT_END,
};

static void tell(const struct values *v, const struct changed *c, const struct commit_opts *o,
		 const struct commit_result *r)
{
	char size[HUMAN_SIZE];

	if (c->notes.sockets)
		log_warning("%llu sockets were left out: no layer holds them",
			    (unsigned long long)c->notes.sockets);
	if (c->notes.reserved)
		log_warning("%llu files whose names begin with '.wh.' were left out: in a layer "
			    "they would remove others",
			    (unsigned long long)c->notes.reserved);
	if (r->notes.gone || r->notes.shrunk)
		log_warning("files changed meanwhile: %llu are gone and left out, %llu became "
			    "shorter and end in zeros",
			    (unsigned long long)r->notes.gone, (unsigned long long)r->notes.shrunk);
	if (!v->quiet && r->changes)
		(void)fprintf(stderr, "%s: %zu change%s, a layer of %s\n", o->name, r->changes,
			      r->changes == 1 ? "" : "s",
			      human_size((uint64_t)r->layer_size, size));
	else if (!v->quiet)
		(void)fprintf(stderr, "%s: no file changed\n", o->name);
	(void)printf("%s\n", r->id);
}

static int make(const struct values *v, struct changed *c, struct store *s,
		const struct commit_opts *o, struct err *e)
{
	auto_(image) struct image base = { 0 };
	auto_(interrupt) struct interrupt held = { 0 };
	struct commit_result result;
	int r = v->from ? image_load(s, v->from, NULL, &base, e)
			: changed_load_base(c, s, &base, e);

	interrupt_hold(&held);
	if (r >= 0)
		r = commit(c, s, &base, o, &result, e);
	if (r >= 0 && v->iidfile)
		r = file_put_named(v->iidfile, result.id, strlen(result.id), 0644, e);
	if (r >= 0)
		tell(v, c, o, &result);
	return r;
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct values *v = values;
	auto_(image_reference) struct image_reference ref = { 0 };
	auto_(store) struct store *s = NULL;
	auto_(changed) struct changed c = { 0 };
	autofree char *name = NULL;
	struct commit_opts o = {
		.changes = &v->changes,
		.author = v->author,
		.message = v->message,
		.squash = v->squash,
		.checksum = v->checksum,
		.format = (enum image_format)v->format,
		.compression = layer_flags_compression(&v->layer),
	};
	int r = argument_reference(args[1], &ref, e);

	if (r >= 0)
		r = layer_flags_check(&o.compression, e);
	if (r >= 0)
		r = epoch_read(v->epoch, &o.has_epoch, &o.epoch, e);
	if (r < 0)
		return r;
	o.name = name = reference_text(&ref);
	r = globals_open_store(global, STORE_WRITE, &s, e);
	if (r >= 0)
		r = changed_open(args[0], &c, e);
	return r < 0 ? r : make(v, &c, s, &o, e);
}

const struct verb verb_commit = {
	.name = "commit",
	.args = "BUNDLE|ROOTFS NAME",
	.summary = "make an image of a changed root file system",
	.details =
		"The new image has its base's layers and one more with what changed; without any\n"
		"change only its config is new.  A bundle knows the image it was made of, its id\n"
		"mappings, and what was made only to mount on; for any other directory give --from.\n"
		"\n"
		"Prints the image's id.  The same files, options and SOURCE_DATE_EPOCH give the same\n"
		"image.  A container may run meanwhile: a file that changes while it is read is not\n"
		"torn off, but may mix what it was and is.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 2,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
