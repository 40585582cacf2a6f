/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new OCI layout: a tar archive, or a directory, by the same names in the same
 * order, so that the same image gives the same bytes.  It is staged and appears whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/copy/oci_entries.h"
#include "imagetool/copy/output.h"
#include "imagetool/copy/target_internal.h"
#include "imagetool/errors.h"
#include "libutil/alloc.h"

struct oci_target {
	struct image_target t; /* first: the functions cast */
	struct output output;
	struct digest_set written;
	struct oci_entries entries;
	bool begun, sha512;
};

/* ---- Blobs ---- */

static int make_dir(struct oci_target *o, const char *name, struct err *e)
{
	return o->output.sink->dir(o->output.sink, name, e);
}

/* The directories come before what is in them. */
static int begin_file(struct oci_target *o, const char *digest, int64_t size, struct err *e)
{
	char name[sizeof("blobs//") + DIGEST_TEXT_SIZE];
	bool sha512 = starts_with(digest, "sha512:");
	int r = 0;

	if (!o->begun) {
		r = make_dir(o, "blobs", e);
		if (r >= 0)
			r = make_dir(o, "blobs/sha256", e);
		o->begun = true;
	}
	if (r >= 0 && sha512 && !o->sha512) {
		r = make_dir(o, "blobs/sha512", e);
		o->sha512 = true;
	}
	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), "blobs/%.*s/%s", (int)(digest_hex(digest) - digest - 1),
		       digest, digest_hex(digest));
	return o->output.sink->file(o->output.sink, name, size, e);
}

static int put_blob(struct image_target *t, struct image_source *from,
		    const struct image_descriptor *desc, struct err *e)
{
	struct oci_target *o = (struct oci_target *)t;
	int r;

	if (!desc->size.set)
		return err_set(e, IMAGE_EVERIFY, "the manifest gives no size for blob %s",
			       desc->digest);
	r = begin_file(o, desc->digest, desc->size.v, e);
	return r < 0 ? r : target_pass_to_sink(t, from, desc, o->output.sink, e);
}

static int put_blobs(struct image_target *t, struct image_source *from,
		     const struct image_descriptor *const *items, size_t n, struct err *e)
{
	return target_put_once(t, &((struct oci_target *)t)->written, put_blob, from, items, n, e);
}

static int put_document(struct image_target *t, const struct registry_document *d, bool top UNUSED,
			struct err *e)
{
	struct oci_target *o = (struct oci_target *)t;
	int r;

	if (!digest_set_add(&o->written, d->digest))
		return 0;
	r = begin_file(o, d->digest, (int64_t)d->len, e);
	return r < 0 ? r : o->output.sink->data(o->output.sink, d->text, d->len, e);
}

/* ---- index.json ---- */

static int give_name(struct image_target *t, const struct image_descriptor *top, const char *name,
		     struct err *e UNUSED)
{
	struct oci_target *o = (struct oci_target *)t;

	oci_entries_add(&o->entries, top, name, t->short_names);
	return 0;
}

static int commit(struct image_target *t, struct err *e)
{
	struct oci_target *o = (struct oci_target *)t;
	auto_(strbuf) struct strbuf text = { 0 };
	struct image_layout layout = { .version = IMAGE_LAYOUT_VERSION };
	struct image_index index = {
		.schema_version = { true, 2 },
		.media_type = MEDIA_OCI_INDEX,
		.manifests = { .items = o->entries.items, .n = o->entries.n },
	};
	int r;

	oci_encode(&image_index_type, &index, 0, &text);
	r = strbuf_check(&text, "index.json", e);
	if (r >= 0)
		r = sink_text(o->output.sink, "index.json", text.data, text.len, e);
	strbuf_truncate(&text, 0);
	oci_encode(&image_layout_type, &layout, 0, &text);
	if (r >= 0)
		r = sink_text(o->output.sink, "oci-layout", text.data, text.len, e);
	return r < 0 ? r : output_commit(&o->output, e);
}

static void free_target(struct image_target *t)
{
	struct oci_target *o = (struct oci_target *)t;

	output_done(&o->output);
	digest_set_done(&o->written);
	oci_entries_done(&o->entries);
	free(o);
}

static const struct image_target_ops ops = {
	.blobs = put_blobs,
	.document = put_document,
	.name = give_name,
	.commit = commit,
	.free = free_target,
};

static struct oci_target *new_target(const struct place *p)
{
	struct oci_target *o = xcalloc(1, sizeof(*o));

	o->t.ops = &ops;
	o->output = (struct output)OUTPUT_INIT;
	o->t.format = IMAGE_OCI;
	o->t.name = p->name ? xstrdup(p->name) : NULL;
	return o;
}

int target_open_oci_archive(const struct place *p, const struct target_opts *opts UNUSED,
			    struct image_target **ret, struct err *e)
{
	struct oci_target *o = new_target(p);
	auto_(image_target) struct image_target *t = &o->t;
	int r = output_open_file(p->path, &o->output, e);

	if (r < 0)
		return r;
	*ret = steal_ptr(&t);
	return 0;
}

int target_open_new_layout(const struct place *p, struct image_target **ret, struct err *e)
{
	struct oci_target *o = new_target(p);
	auto_(image_target) struct image_target *t = &o->t;
	int r = output_open_dir(p->path, &o->output, e);

	if (r < 0)
		return r;
	*ret = steal_ptr(&t);
	return 0;
}

/* One that is there takes one more image; a new one appears whole. */
int target_open_layout(const struct place *p, const struct target_opts *opts UNUSED,
		       struct image_target **ret, struct err *e)
{
	autofree char *marker = xasprintf("%s/oci-layout", p->path);

	return access(marker, F_OK) == 0 ? target_open_existing(p, ret, e)
					 : target_open_new_layout(p, ret, e);
}
