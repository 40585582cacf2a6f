/* SPDX-License-Identifier: Apache-2.0 */
/* skopeo's dir: staged, and there at once or not at all. */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/copy/dir_names.h"
#include "imagetool/copy/output.h"
#include "imagetool/copy/target_internal.h"
#include "imagetool/errors.h"
#include "libutil/alloc.h"

struct dir_target {
	struct image_target t; /* first: the functions cast */
	struct output output;
	struct digest_set written;
	size_t images;
};

static int put_blob(struct image_target *t, struct image_source *from,
		    const struct image_descriptor *desc, struct err *e)
{
	struct sink *to = ((struct dir_target *)t)->output.sink;
	char name[DIR_NAME_SIZE];
	int r = dir_blob_name(desc->digest, name, e);

	if (r >= 0)
		r = to->file(to, name, desc->size.v, e);
	return r < 0 ? r : target_pass_to_sink(t, from, desc, to, e);
}

static int put_blobs(struct image_target *t, struct image_source *from,
		     const struct image_descriptor *const *items, size_t n, struct err *e)
{
	return target_put_once(t, &((struct dir_target *)t)->written, put_blob, from, items, n, e);
}

static int put_document(struct image_target *t, const struct registry_document *doc, bool top,
			struct err *e)
{
	struct dir_target *d = (struct dir_target *)t;
	char name[DIR_NAME_SIZE] = DIR_MANIFEST;
	int r = top ? 0 : dir_manifest_name(doc->digest, name, e);

	if (r < 0 || (!top && !digest_set_add(&d->written, doc->digest)))
		return r;
	return sink_text(d->output.sink, name, doc->text, doc->len, e);
}

static int give_name(struct image_target *t, const struct image_descriptor *top UNUSED,
		     const char *name UNUSED, struct err *e)
{
	if (((struct dir_target *)t)->images++)
		return err_set(e, EINVAL, "'dir:' holds one image");
	return 0;
}

static int commit(struct image_target *t, struct err *e)
{
	struct dir_target *d = (struct dir_target *)t;
	int r = sink_text(d->output.sink, DIR_VERSION, DIR_VERSION_TEXT, strlen(DIR_VERSION_TEXT),
			  e);

	return r < 0 ? r : output_commit(&d->output, e);
}

static void free_target(struct image_target *t)
{
	struct dir_target *d = (struct dir_target *)t;

	output_done(&d->output);
	digest_set_done(&d->written);
	free(d);
}

static const struct image_target_ops ops = {
	.blobs = put_blobs,
	.document = put_document,
	.name = give_name,
	.commit = commit,
	.free = free_target,
};

int target_open_dir(const struct place *p, const struct target_opts *opts UNUSED,
		    struct image_target **ret, struct err *e)
{
	struct dir_target *d = xcalloc(1, sizeof(*d));
	auto_(image_target) struct image_target *t = &d->t;
	int r;

	d->t.ops = &ops;
	d->output = (struct output)OUTPUT_INIT;
	r = output_open_dir(p->path, &d->output, e);
	if (r < 0)
		return r;
	*ret = steal_ptr(&t);
	return 0;
}
