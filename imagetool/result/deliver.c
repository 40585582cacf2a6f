/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/deliver.h"

#include <errno.h>

#include "imagetool/copy/copy.h"
#include "imagetool/interrupt.h"
#include "imagetool/mount/layers.h"
#include "imagetool/push/push.h"
#include "imagetool/unpack/rootfs.h"
#include "libutil/alloc.h"

const struct strv *result_output_names(const struct result_input *in,
				       const struct result_output *out)
{
	return out->has_names ? &out->names : &in->plan->tags;
}

/* ---- The store ---- */

static int name_in_store(const struct result_input *in, const struct result_output *out,
			 const struct result_documents *d, const struct strv *names, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	int r = 0;

	for (size_t i = 0; i < names->n && r >= 0; i++) {
		result_tell(in, "naming to", names->v[i]);
		r = store_tag(in->store, names->v[i], &d->top, e);
	}
	if (r >= 0 && names->n == 0)
		r = store_tag(in->store, "", &d->top, e);
	for (size_t i = 0; i < names->n && r >= 0 && out->canonical == OUTPUT_YES; i++) {
		auto_(image_reference) struct image_reference ref = { 0 };

		r = reference_parse(names->v[i], &ref, e);
		if (r >= 0)
			r = store_tag(in->store,
				      arena_printf(&a, "%s/%s@%s", ref.registry, ref.repository,
						   d->top.digest),
				      &d->top, e);
	}
	return r;
}

/* unpack=true: layers ready to mount, for this machine. */
static int unpack_in_store(const struct result_input *in, const struct result_documents *d,
			   struct err *e)
{
	auto_(snapshot_stack) struct snapshot_stack stack = { 0 };
	const struct store_image entry = { .name = "", .desc = &d->top };
	auto_(image) struct image img = { 0 };
	struct apply_notes notes = { 0 };
	int r = image_load_entry(in->store, &entry, NULL, &img, e);

	if (r >= 0)
		r = layers_ready(in->store, &img, SNAPSHOTS_AUTO, &stack, &notes, e);
	if (r >= 0)
		rootfs_warn(&notes);
	return r;
}

/* ---- A registry ---- */

/* To REPOSITORY@DIGEST: without a tag. */
static char *name_by_digest(const char *name, const char *digest)
{
	auto_(image_reference) struct image_reference ref = { 0 };

	if (reference_parse(name, &ref, NULL) < 0)
		return xstrdup(name);
	return xasprintf("%s/%s@%s", ref.registry, ref.repository, digest);
}

static int push(const struct result_input *in, const struct result_output *out,
		const struct result_documents *d, const char *name, struct err *e)
{
	autofree char *by_digest = name_by_digest(name, d->top.digest);
	auto_(push_result) struct push_result result = { 0 };
	struct push_opts opts = {
		.name = name,
		.image = &d->top,
		.destination = out->by_digest == OUTPUT_YES ? by_digest : name,
		.progress = BLOB_PROGRESS_QUIET,
	};

	if (in->registry)
		opts.registry = *in->registry;
	if (out->insecure == OUTPUT_YES)
		opts.registry.tls = REGISTRY_TLS_OFF;
	result_tell(in, "pushing", opts.destination);
	return push_image(in->store, &opts, &result, e);
}

/* ---- Archives and layouts ---- */

static int copy_to(const struct result_input *in, const struct image_descriptor *desc,
		   const struct copy_opts *how, struct image_target *target, struct err *e)
{
	auto_(image_source) struct image_source *source = source_of_stored(in->store, desc);
	auto_(copy_result) struct copy_result result = { 0 };

	return copy_image(source, target, how, &result, e);
}

/* Each name is one more entry of the same blobs. */
static int copy_names(const struct result_input *in, const struct result_output *out,
		      const struct result_documents *d, struct image_target *target, struct err *e)
{
	const struct strv *names = result_output_names(in, out);
	bool docker = out->kind == OUTPUT_DOCKER;
	/* Docker's archives have no indexes, and so nothing that is attested. */
	const struct image_descriptor *top = docker ? &d->manifests[0] : &d->top;
	struct copy_opts how = { .all = !docker && d->is_index,
				 .platform = docker ? &in->images[0].platform : NULL };
	int r = 0;

	for (size_t i = 0; i < names->n && r >= 0; i++) {
		how.name = names->v[i];
		r = copy_to(in, top, &how, target, e);
	}
	return names->n || r < 0 ? r : copy_to(in, top, &how, target, e);
}

static int fill_archive(const struct result_input *in, const struct result_output *out,
			const struct result_documents *d, struct err *e)
{
	const struct place place = {
		.kind = out->kind == OUTPUT_DOCKER ? PLACE_DOCKER_ARCHIVE
			: out->tar == OUTPUT_NO    ? PLACE_OCI
						   : PLACE_OCI_ARCHIVE,
		.path = out->dest,
		.index = -1,
	};
	const struct place_opts opts = { .store = in->store, .quiet = true };
	auto_(image_target) struct image_target *target = NULL;
	int r = target_open(&place, &(struct target_opts){ .place = &opts }, &target, e);

	if (r < 0)
		return r;
	target->short_names = true;
	r = copy_names(in, out, d, target, e);
	return r < 0 || !target->ops->commit ? r : target->ops->commit(target, e);
}

static int write_archive(const struct result_input *in, const struct result_output *out,
			 const struct result_documents *d, struct err *e)
{
	int r;

	if (out->kind == OUTPUT_DOCKER && in->n > 1)
		return err_set(e, EINVAL,
			       "docker's archives hold one platform: build for one, or use "
			       "type=oci");
	result_tell(in, "writing", out->dest);
	r = fill_archive(in, out, d, e);
	return target_appeared(r, e) ? fill_archive(in, out, d, e) : r;
}

/* ---- */

int result_deliver_image(const struct result_input *in, const struct result_output *out,
			 const struct result_documents *d, struct err *e)
{
	const struct strv *names = result_output_names(in, out);
	int r = 0;

	if (out->dest)
		return write_archive(in, out, d, e);
	if (result_output_is_stored(out))
		r = name_in_store(in, out, d, names, e);
	if (r >= 0 && out->unpack == OUTPUT_YES)
		r = unpack_in_store(in, d, e);
	for (size_t i = 0; i < names->n && r >= 0 && result_output_is_pushed(out); i++)
		r = push(in, out, d, names->v[i], e);
	return r;
}
