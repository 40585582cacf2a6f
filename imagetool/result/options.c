/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/options.h"

#include <errno.h>

static int read_lists(const struct result_flags *flags, struct result_plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < flags->tags.n && r >= 0; i++) {
		r = *flags->tags.v[i] ? result_names_add(&p->tags, flags->tags.v[i], e)
				      : err_set(e, EINVAL, "a name is missing");
		if (r < 0)
			(void)err_wrap(e, r, "--tag '%.200s'", flags->tags.v[i]);
	}
	for (size_t i = 0; i < flags->annotations.n && r >= 0; i++)
		r = result_annotations_add(&p->annotations, flags->annotations.v[i], e);
	for (size_t i = 0; i < flags->outputs.n && r >= 0; i++)
		r = result_outputs_add(&p->outputs, flags->outputs.v[i], e);
	return r;
}

/* --push makes an image of the outputs go to its registry, where there is one. */
static void add_push(struct result_outputs *o)
{
	bool found = false;

	for (size_t i = 0; i < o->n; i++) {
		if (o->items[i].kind != OUTPUT_IMAGE && o->items[i].kind != OUTPUT_REGISTRY)
			continue;
		o->items[i].push = OUTPUT_YES;
		found = true;
	}
	if (!found)
		result_outputs_add_registry(o);
}

static void add_load(struct result_outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (result_output_is_stored(&o->items[i]))
			return;
	result_outputs_add_store(o);
}

/* Layouts hold OCI's format alone, docker's archives and files have their own. */
static int add_format(const char *format, struct result_outputs *o, struct err *e)
{
	enum output_choice oci = OUTPUT_YES;

	if (!format)
		return 0;
	if (streq(format, "docker"))
		oci = OUTPUT_NO;
	else if (!streq(format, "oci"))
		return err_set(e, EINVAL, "--format '%.50s': there are oci and docker", format);
	for (size_t i = 0; i < o->n; i++) {
		struct result_output *out = &o->items[i];

		if (out->oci_types == OUTPUT_UNSAID &&
		    (out->kind == OUTPUT_IMAGE || out->kind == OUTPUT_REGISTRY))
			out->oci_types = oci;
	}
	return 0;
}

static int check_one(const struct result_plan *p, const struct result_output *o, struct err *e)
{
	const struct strv *names = o->has_names ? &o->names : &p->tags;

	if (result_output_is_pushed(o) && names->n == 0)
		return err_set(e, EINVAL, "to push an image it needs a name: give --tag");
	return 0;
}

/* Two streams in one are of no use. */
static int check_stdout(const struct result_plan *p, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < p->outputs.n; i++)
		n += p->outputs.items[i].dest && streq(p->outputs.items[i].dest, "-");
	return n > 1 ? err_set(e, EINVAL, "--output: only one can go to standard output") : 0;
}

int result_plan_make(const struct result_flags *flags, struct result_plan *ret, struct err *e)
{
	int r = read_lists(flags, ret, e);

	if (r < 0)
		return r;
	ret->squash = flags->squash;
	ret->iidfile = flags->iidfile;
	ret->metadata_file = flags->metadata_file;
	if (flags->push)
		add_push(&ret->outputs);
	if (flags->load || ret->outputs.n == 0)
		add_load(&ret->outputs);
	r = add_format(flags->format, &ret->outputs, e);
	if (r >= 0)
		r = check_stdout(ret, e);
	for (size_t i = 0; i < ret->outputs.n && r >= 0; i++)
		r = check_one(ret, &ret->outputs.items[i], e);
	return r;
}

void result_plan_done(struct result_plan *p)
{
	result_outputs_done(&p->outputs);
	result_annotations_done(&p->annotations);
	strv_done(&p->tags);
}

bool result_plan_wants_layers(const struct result_plan *p)
{
	for (size_t i = 0; i < p->outputs.n; i++)
		if (!result_output_is_files(&p->outputs.items[i]) &&
		    p->outputs.items[i].kind != OUTPUT_CACHE_ONLY)
			return true;
	return false;
}

bool result_plan_wants_roots(const struct result_plan *p)
{
	for (size_t i = 0; i < p->outputs.n; i++)
		if (result_output_is_files(&p->outputs.items[i]))
			return true;
	return false;
}

struct compress_opts result_plan_compression(const struct result_plan *p)
{
	for (size_t i = 0; i < p->outputs.n; i++) {
		const struct result_output *o = &p->outputs.items[i];

		if (!result_output_is_files(o) && (o->has_compression || o->compression.level))
			return (struct compress_opts){ .kind = o->has_compression
								       ? o->compression.kind
								       : LAYER_GZIP,
						       .level = o->compression.level };
	}
	return (struct compress_opts){ .kind = LAYER_GZIP };
}
