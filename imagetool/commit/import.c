/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/import.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "imagetool/archive/foreign.h"
#include "imagetool/archive/oci_manifest.h"
#include "imagetool/commit/config_edit.h"
#include "imagetool/commit/layer_blob.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/budget.h"
#include "imagetool/layer/entry_path.h"
#include "imagetool/tar/read.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"

/* ---- The layer ---- */

/* Everything the reader of the archive sees goes into the layer. */
struct tee {
	struct decompress *from;
	struct byte_sink to;
	struct layer_budget *budget;
	bool begun;
};

static int tee_next(void *ctx, const uint8_t **ret, struct err *e)
{
	struct tee *t = ctx;
	int n = decompress_next(t->from, ret, e), r = n;

	if (n <= 0)
		return n;
	if (!t->begun)
		r = archive_check_foreign(*ret, (size_t)n, e);
	t->begun = true;
	if (r >= 0)
		r = layer_budget_take_bytes(t->budget, n, e);
	if (r >= 0)
		r = interrupt_check(e);
	if (r >= 0)
		r = t->to.write(t->to.ctx, *ret, (size_t)n, e);
	return r < 0 ? r : n;
}

static int walk(struct tee *tee, size_t *ret_entries, struct err *e)
{
	auto_(tar_reader) struct tar_reader *t =
		tar_reader_new((struct tar_source){ .next = tee_next, .ctx = tee });
	struct tar_entry entry;
	int r;

	while ((r = tar_next(t, &entry, e)) > 0) {
		struct entry_path path;

		r = entry_path_parse(entry.name, &path, e);
		if (r >= 0)
			r = layer_budget_take_entry(tee->budget, e);
		if (r < 0)
			return r;
		++*ret_entries;
	}
	if (r >= 0 && !*ret_entries)
		return err_set(e, EINVAL, "it holds no files");
	return r < 0 ? r : tar_drain(t, e);
}

static int make_layer(struct store *s, struct byte_source from, const struct import_opts *opts,
		      struct compress_result *made, size_t *ret_entries, struct err *e)
{
	auto_(layer_blob) struct layer_blob layer = { 0 };
	auto_(decompress) struct decompress *d = NULL;
	struct layer_budget budget;
	struct tee tee = { .budget = &budget };
	int r;

	layer_budget_init(&budget, opts->max_bytes, opts->max_entries);
	r = decompress_new(from, &d, e);
	if (r >= 0)
		r = layer_blob_begin(&layer, s, &opts->compression, e);
	if (r < 0)
		return r;
	tee.from = d;
	tee.to = layer_blob_sink(&layer);
	r = walk(&tee, ret_entries, e);
	return r < 0 ? r : layer_blob_commit(&layer, made, e);
}

/* ---- Config and manifest ---- */

static const char *created_text(const struct import_opts *opts, struct arena *a)
{
	struct timespec now = { .tv_sec = opts->epoch };
	char text[TIME_TEXT_SIZE];

	if (!opts->has_epoch)
		(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)time_text(now, text);
	/* As Go writes it: a fraction ends in no zero, and 0 is none. */
	if (!now.tv_nsec)
		memcpy(strchr(text, '.'), "Z", sizeof("Z"));
	return arena_strdup(a, text);
}

static int make_config(const struct import_opts *opts, const struct compress_result *made,
		       struct arena *a, struct strbuf *out, struct err *e)
{
	const char *diff_ids[] = { made->diff_id };
	struct image_history history = { .created = created_text(opts, a),
					 .comment = opts->message };
	struct image_rootfs rootfs = { .type = "layers",
				       .diff_ids = { .items = diff_ids, .n = 1 } };
	struct image_config config = {
		.created = history.created,
		.os = opts->platform->os,
		.architecture = opts->platform->arch,
		.variant = opts->platform->variant[0] ? opts->platform->variant : NULL,
		.rootfs = &rootfs,
		.history = { .items = &history, .n = 1 },
	};
	struct config_edit edit;
	int r = 0;

	config_edit_begin(&edit, a, &config);
	for (size_t i = 0; i < opts->changes->n && r >= 0; i++)
		r = config_edit_change(&edit, opts->changes->v[i], e);
	if (r < 0)
		return r;
	oci_encode(&image_config_type, &config, 0, out);
	return strbuf_check(out, "config", e);
}

static int write_image(struct store *s, const struct import_opts *opts,
		       const struct compress_result *made, struct import_result *ret, struct err *e)
{
	auto_(strbuf) struct strbuf config = { 0 }, manifest = { 0 };
	auto_(arena) struct arena a = { 0 };
	const struct image_descriptor layer = {
		.media_type = oci_layer_type_of(opts->compression.kind),
		.digest = made->digest,
		.size = { true, made->size },
	};
	struct image_descriptor desc = { .media_type = MEDIA_OCI_CONFIG, .digest = ret->id };
	int r = make_config(opts, made, &a, &config, e);

	if (r >= 0)
		r = blob_add(s, config.data, config.len, ret->id, e);
	if (r < 0)
		return r;
	desc.size = (struct opt_i64){ true, (int64_t)config.len };
	oci_manifest_write(&desc, &layer, 1, &manifest);
	r = strbuf_check(&manifest, "manifest", e);
	if (r >= 0)
		r = blob_add(s, manifest.data, manifest.len, ret->digest, e);
	if (r < 0)
		return r;
	desc = (struct image_descriptor){
		.media_type = MEDIA_OCI_MANIFEST,
		.digest = ret->digest,
		.size = { true, (int64_t)manifest.len },
		.platform =
			&(struct image_platform){
				.os = opts->platform->os,
				.architecture = opts->platform->arch,
				.variant =
					opts->platform->variant[0] ? opts->platform->variant : NULL,
			},
	};
	return store_tag(s, opts->name ? opts->name : "", &desc, e);
}

int import_tar(struct store *s, struct byte_source from, const struct import_opts *opts,
	       struct import_result *ret, struct err *e)
{
	struct compress_result made;
	struct import_result result = { 0 };
	int r = make_layer(s, from, opts, &made, &result.entries, e);

	if (r >= 0)
		r = write_image(s, opts, &made, &result, e);
	if (r < 0)
		return r;
	result.layer_size = made.size;
	*ret = result;
	return 0;
}
