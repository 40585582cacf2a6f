/* SPDX-License-Identifier: Apache-2.0 */
/* To a registry: blobs it has do not travel, those of another of its repositories are mounted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "imagetool/copy/target.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/registry/publish.h"
#include "imagetool/registry/upload.h"
#include "libutil/alloc.h"

struct registry_target {
	struct image_target t; /* first: the functions cast */
	struct image_reference ref;
	struct registry *registry;
	const char *mount_from; /* the source's repository, when it is the same registry */
	bool quiet;
};

/* ---- Blobs ---- */

/* One blob on its way: opened when the registry turns out to need it. */
struct outgoing {
	struct image_source *from;
	const struct image_descriptor *desc;
	struct blob_stream *stream;
};

static int go_to(void *ctx, int64_t offset, struct err *e)
{
	struct outgoing *o = ctx;
	int r = o->stream ? 0 : source_blob(o->from, o->desc, &o->stream, e);

	return r < 0 ? r : o->stream->seek(o->stream, offset, e);
}

static ssize_t read_some(void *ctx, void *buf, size_t len, struct err *e)
{
	struct outgoing *o = ctx;

	return o->stream->read(o->stream, buf, len, e);
}

static void close_stream(void *ctx)
{
	struct outgoing *o = ctx;

	blob_stream_free(o->stream);
	o->stream = NULL;
}

struct sending {
	struct registry_target *target;
	struct upload *items;
	struct outgoing *out;
	size_t n;
	int64_t before; /* bytes of the tally before these */
};

static void tick(void *ctx)
{
	const struct sending *s = ctx;
	struct target_tally *tally = &s->target->t.tally;

	tally->bytes = s->before;
	tally->current = tally->current_size = 0;
	for (size_t i = 0; i < s->n; i++) {
		tally->bytes += s->items[i].travelled;
		if (s->items[i].state != UPLOAD_RUNNING)
			continue;
		tally->current += s->items[i].sent;
		tally->current_size += s->items[i].size;
	}
	if (tally->tick)
		tally->tick(tally->ctx, tally);
}

static void count_outcomes(struct sending *s)
{
	struct target_tally *tally = &s->target->t.tally;

	tick(s);
	for (size_t i = 0; i < s->n; i++) {
		tally->blobs++;
		tally->present += s->items[i].outcome == UPLOAD_PRESENT;
		tally->mounted += s->items[i].outcome == UPLOAD_MOUNTED;
	}
}

static int put_blobs(struct image_target *t, struct image_source *from,
		     const struct image_descriptor *const *items, size_t n, struct err *e)
{
	struct registry_target *o = (struct registry_target *)t;
	const struct upload_opts opts = { .sessions_dirfd = -1 };
	autofree struct upload *uploads = xcalloc(n + 1, sizeof(*uploads));
	autofree struct outgoing *out = xcalloc(n + 1, sizeof(*out));
	struct sending s = { o, uploads, out, n, t->tally.bytes };
	int r;

	for (size_t i = 0; i < n; i++) {
		out[i] = (struct outgoing){ .from = from, .desc = items[i] };
		uploads[i] = (struct upload){
			.digest = items[i]->digest,
			.size = items[i]->size.v,
			.reader = { &out[i], go_to, read_some, close_stream },
			.mount_from = o->mount_from,
		};
	}
	r = registry_upload(o->registry, &opts, uploads, n, tick, &s, e);
	for (size_t i = 0; i < n; i++)
		close_stream(&out[i]);
	if (r >= 0)
		count_outcomes(&s);
	return r;
}

/* ---- Documents ---- */

static int put_document(struct image_target *t, const struct registry_document *d, bool top,
			struct err *e)
{
	struct registry_target *o = (struct registry_target *)t;
	auto_(manifest_put_result) struct manifest_put_result result = { 0 };
	auto_(strv) struct strv tags = { 0 };
	const struct manifest_put m = { .text = d->text,
					.len = d->len,
					.media_type = d->media_type,
					.digest = d->digest,
					.tags = &tags };
	int r;

	if (top && o->ref.digest && !streq(o->ref.digest, d->digest))
		return err_set(e, EINVAL, "the image has digest %s, and not that of '%s'",
			       d->digest, t->name);
	if (top && o->ref.tag)
		strv_add(&tags, o->ref.tag);
	r = registry_put_manifest(o->registry, &m, &result, e);
	if (r >= 0 && result.warning && !o->quiet)
		(void)fprintf(stderr, "%s warns: %s\n", o->ref.registry, result.warning);
	return r;
}

/* It was put under its name. */
static int give_name(struct image_target *t UNUSED, const struct image_descriptor *top UNUSED,
		     const char *name UNUSED, struct err *e UNUSED)
{
	return 0;
}

static void free_target(struct image_target *t)
{
	struct registry_target *o = (struct registry_target *)t;

	registry_free(o->registry);
	image_reference_done(&o->ref);
	free(o);
}

static const struct image_target_ops ops = {
	.blobs = put_blobs,
	.document = put_document,
	.name = give_name,
	.free = free_target,
};

/* ---- */

static void want(struct registry_target *o, const struct image_source *source)
{
	registry_want(o->registry, o->ref.repository, "pull,push");
	if (!source || !source->ref || !streq(source->ref->registry, o->ref.registry))
		return;
	o->mount_from = source->ref->repository;
	if (!streq(o->mount_from, o->ref.repository))
		registry_want(o->registry, o->mount_from, "pull");
	else
		o->mount_from = NULL;
}

int target_open_registry(const struct place *p, const struct target_opts *opts,
			 struct image_target **ret, struct err *e)
{
	struct registry_target *o = xcalloc(1, sizeof(*o));
	auto_(image_target) struct image_target *t = &o->t;
	struct registry_opts registry = opts->place->registry;
	int r = reference_parse(p->name, &o->ref, e);

	o->t.ops = &ops;
	o->quiet = opts->place->quiet;
	if (r < 0)
		return r;
	t->name = reference_text(&o->ref);
	registry.push = true;
	r = registry_open(&o->ref, &registry, &o->registry, e);
	if (r < 0)
		return r;
	want(o, opts->source);
	*ret = steal_ptr(&t);
	return 0;
}
