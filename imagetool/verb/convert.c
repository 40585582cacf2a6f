/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/commit/convert.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/program.h"
#include "imagetool/verb/argument.h"
#include "imagetool/verb/layer_flags.h"
#include "imagetool/verb/opt_rows.h"
#include "imagetool/verb/verbs.h"
#include "libutil/log.h"
#include "libutil/parse.h"

struct values {
	const char *platform, *squash, *rebase;
	int format;
	struct layer_flags layer;
	bool force, quiet;
};

static const char *const formats[] = { "same", "oci", "docker", NULL };

static const struct opt opts[] = {
	LAYER_OPT_ROWS(offsetof(struct values, layer), layer_compressions_or_chunked,
		       "of all layers"),
	{ .name = "force-compression",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct values, force),
	  .help = "also layers that are in this compression already" },
	{ .name = "squash",
	  .kind = OPT_STRING,
	  .bits = OPT_OPTIONAL,
	  .offset = offsetof(struct values, squash),
	  .arg = "N",
	  .help = "the last N layers become one, all of them without N" },
	{ .name = "rebase",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, rebase),
	  .arg = "OLD=NEW",
	  .help = "put the image's own layers on image NEW instead of OLD, which they were built "
		  "on; both are in the store" },
	{ .name = "format",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct values, format),
	  .choices = formats,
	  .help = "of manifests" },
	{ .name = "platform",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct values, platform),
	  .arg = "OS/ARCH[/VARIANT]",
	  .help = "only this member of an index, by default all of it" },
	QUIET_OPT_ROW(offsetof(struct values, quiet), "print nothing but the digest"),
	OPT_END,
};

static int read_squash(const struct values *v, struct convert_opts *o, struct err *e)
{
	uint32_t n = 0;

	if (!v->squash)
		return 0;
	if (*v->squash && (parse_u32(v->squash, &n) < 0 || n == 0))
		return err_set(e, IMAGE_EUSAGE, "--squash=%s: expected how many layers", v->squash);
	o->squash = true;
	o->squash_last = n;
	return 0;
}

/* Names have no '='. */
static int read_rebase(const struct values *v, char **ret, struct convert_opts *o, struct err *e)
{
	char *equals;

	if (!v->rebase)
		return 0;
	*ret = xstrdup(v->rebase);
	equals = strchr(*ret, '=');
	if (!equals || equals == *ret || !equals[1])
		return err_set(e, IMAGE_EUSAGE, "--rebase '%s': expected OLD=NEW", v->rebase);
	*equals = '\0';
	o->old_base = *ret;
	o->base = equals + 1;
	return 0;
}

static int read_compression(const struct values *v, struct convert_opts *o, struct err *e)
{
	struct recompress_opts *r = &o->recompress;

	o->compress = v->layer.format > 0;
	if (!o->compress && (v->force || (v->layer.level && !v->squash)))
		return err_set(e, IMAGE_EUSAGE, "--%s needs --compression-format",
			       v->force ? "force-compression" : "compression-level");
	if (o->compress) {
		r->to.kind = layer_flags_kind(v->layer.format - 1);
		r->form = layer_flags_form(v->layer.format - 1);
	}
	if (r->form && v->format == IMAGE_DOCKER)
		return err_set(e, IMAGE_EUSAGE,
			       "--compression-format %s: docker's manifests have no place for "
			       "annotations, take --format oci",
			       layer_compressions_or_chunked[v->layer.format]);
	/* Only OCI's manifests have the annotations. */
	if (r->form)
		o->format = IMAGE_OCI;
	r->to.level = (int)v->layer.level;
	r->force = v->force;
	return o->compress ? layer_flags_check(&r->to, e) : 0;
}

static int read_options(const struct values *v, struct convert_opts *o, char **ret_bases,
			struct platform *platform, struct err *e)
{
	int r = read_squash(v, o, e);

	o->format = (enum image_format)v->format;
	if (r >= 0)
		r = read_rebase(v, ret_bases, o, e);
	if (r >= 0)
		r = read_compression(v, o, e);
	if (r >= 0)
		r = epoch_read(NULL, &o->has_epoch, &o->epoch, e);
	if (r >= 0 && v->platform)
		r = platform_of_option(v->platform, platform, e);
	o->platform = v->platform ? platform : NULL;
	return r;
}

static int convert(const struct values *v, struct store *s, const char *name,
		   const struct convert_opts *o, struct err *e)
{
	auto_(interrupt) struct interrupt held = { 0 };
	struct convert_result result;
	int r;

	interrupt_hold(&held);
	r = convert_image(s, name, o, &result, e);
	if (r < 0)
		return r;
	if (result.left_out)
		log_warning("%zu attestations were left out: they are about other digests",
			    result.left_out);
	if (!v->quiet)
		(void)fprintf(stderr, "%s: %zu image%s, %zu layer%s written\n", o->name,
			      result.images, result.images == 1 ? "" : "s", result.layers,
			      result.layers == 1 ? "" : "s");
	(void)printf("%s\n", result.digest);
	return 0;
}

static int run(const void *global, void *values, char *const *args, int n UNUSED, struct err *e)
{
	const struct values *v = values;
	auto_(image_reference) struct image_reference ref = { 0 };
	auto_(store) struct store *s = NULL;
	autofree char *name = NULL, *bases = NULL;
	struct convert_opts o = { 0 };
	struct platform platform;
	int r = argument_reference(args[1], &ref, e);

	if (r >= 0)
		r = read_options(v, &o, &bases, &platform, e);
	if (r < 0)
		return r;
	o.name = name = reference_text(&ref);
	r = globals_open_store(global, STORE_WRITE, &s, e);
	return r < 0 ? r : convert(v, s, args[0], &o, e);
}

const struct verb verb_convert = {
	.name = "convert",
	.args = "IMAGE NAME",
	.summary = "make an image with another base, fewer layers, another compression or format",
	.details =
		"NAME becomes what IMAGE is, rebased, squashed, compressed anew and in another format,\n"
		"in this order and as far as options say.  Layers that stay the same are not written\n"
		"again.  All members of an index are converted, attestations are left out.\n"
		"\n"
		"Prints the digest of the new manifest or index.",
	.opts = opts,
	.opts_size = sizeof(struct values),
	.min_args = 2,
	.max_args = 2,
	.stop_after = -1,
	.run = run,
};
