/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/commit/commit.h"

#include <stdio.h>
#include <time.h>

#include "imagetool/commit/config_edit.h"
#include "imagetool/commit/layer_blob.h"
#include "imagetool/commit/new_image.h"
#include "imagetool/tar/write.h"
#include "libutil/parse.h"

#define BASE_NAME   "org.opencontainers.image.base.name"
#define BASE_DIGEST "org.opencontainers.image.base.digest"

struct committing {
	struct changed *changed;
	struct store *store;
	const struct commit_opts *opts;
	struct commit_result *result;
	struct new_image image;
};

/* ---- The layer ---- */

static int write_changes(struct committing *c, struct byte_sink to, struct err *e)
{
	autofree struct tar_writer *w = xcalloc(1, sizeof(*w));
	int r;

	tar_writer_init_sink(w, to);
	w->has_latest = c->opts->has_epoch;
	w->latest = c->opts->epoch;
	r = layer_write(&c->changed->changes, c->changed->changes_fd, w, &c->result->notes, e);
	return r < 0 ? r : tar_write_end(w, e);
}

static int add_layer(struct committing *c, struct err *e)
{
	auto_(layer_blob) struct layer_blob layer = { 0 };
	struct compress_result made;
	int r = layer_blob_begin(&layer, c->store, &c->opts->compression, e);

	if (r >= 0)
		r = write_changes(c, layer_blob_sink(&layer), e);
	if (r >= 0)
		r = layer_blob_commit(&layer, &made, e);
	if (r < 0)
		return r;
	new_image_add_made(&c->image, c->opts->compression.kind, &made);
	c->result->layer_size = made.size;
	return 0;
}

/* ---- The config ---- */

static const char *created_now(struct committing *c)
{
	struct timespec now = { .tv_sec = c->opts->epoch };
	char text[TIME_TEXT_SIZE];

	if (!c->opts->has_epoch)
		(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)time_text(now, text);
	/* As Go writes it: a fraction ends in no zero, and 0 is none. */
	if (!now.tv_nsec)
		memcpy(strchr(text, '.'), "Z", sizeof("Z"));
	return arena_strdup(&c->image.arena, text);
}

/* What ran in the bundle, as docker and podman have it. */
static const char *created_by(struct committing *c)
{
	const struct runtime_spec *spec = c->changed->spec;
	auto_(strbuf) struct strbuf text = { .max = 4096 };

	if (!c->changed->is_bundle || !spec->process)
		return "creel-image commit";
	for (size_t i = 0; i < spec->process->args.n; i++)
		strbuf_addf(&text, "%s%s", i ? " " : "", spec->process->args.items[i]);
	return arena_strdup(&c->image.arena, strbuf_str(&text));
}

static void add_history(struct committing *c)
{
	struct image_history h = { .created = c->image.config.created,
				   .created_by = created_by(c),
				   .author = c->opts->author,
				   .comment = c->opts->message };

	if (!c->result->changes)
		h.empty_layer = (struct opt_bool){ true, true };
	new_image_add_history(&c->image, &h);
}

static int edit_config(struct committing *c, struct err *e)
{
	struct config_edit edit;
	int r = 0;

	config_edit_begin(&edit, &c->image.arena, &c->image.config);
	c->image.config.created = created_now(c);
	if (c->opts->author)
		c->image.config.author = c->opts->author;
	for (size_t i = 0; i < c->opts->changes->n && r >= 0; i++)
		r = config_edit_change(&edit, c->opts->changes->v[i], e);
	return r;
}

static void annotate(struct committing *c, const struct image *base)
{
	if (c->opts->squash)
		return;
	new_image_annotate(&c->image, BASE_NAME, base->name);
	new_image_annotate(&c->image, BASE_DIGEST, base->selected->digest);
}

/* ---- The image ---- */

static int make(struct committing *c, const struct image *base, struct err *e)
{
	struct image_descriptor desc;
	int r = edit_config(c, e);

	if (r < 0)
		return r;
	r = changed_find(c->changed, c->store, base,
			 &(struct changed_opts){ .checksum = c->opts->checksum,
						 .blind = true,
						 .whole = c->opts->squash },
			 e);
	if (r < 0)
		return r;
	c->result->changes = c->changed->changes.n;
	if (c->opts->squash)
		new_image_drop_layers(&c->image);
	if (c->result->changes)
		r = add_layer(c, e);
	if (r < 0)
		return r;
	add_history(c);
	annotate(c, base);
	r = new_image_write(&c->image, c->store, c->opts->format, &desc, c->result->id, e);
	if (r < 0)
		return r;
	(void)snprintf(c->result->digest, sizeof(c->result->digest), "%s", desc.digest);
	return store_tag(c->store, c->opts->name, &desc, e);
}

int commit(struct changed *changed, struct store *s, const struct image *base,
	   const struct commit_opts *opts, struct commit_result *ret, struct err *e)
{
	struct committing c = { .changed = changed, .store = s, .opts = opts, .result = ret };
	int r;

	*ret = (struct commit_result){ 0 };
	r = new_image_begin(&c.image, base, e);
	if (r >= 0)
		r = new_image_edit(&c.image, e);
	if (r >= 0)
		r = make(&c, base, e);
	new_image_done(&c.image);
	return r;
}
