/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/solve/images.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/copy/copy.h"
#include "imagetool/copy/target.h"
#include "imagetool/errors.h"
#include "imagetool/pull/pull.h"
#include "libutil/alloc.h"

struct entry {
	char *reference;
	char *layout; /* or NULL */
	struct platform platform;
	struct image image;
	/* Of what came from a layout, which the store's index does not name. */
	struct image_descriptor desc;
	char *media_type;
	char digest[DIGEST_TEXT_SIZE];
};

struct images {
	struct images_opts opts;
	pthread_mutex_t lock;
	struct entry **items; /* owned: images stay where they are */
	size_t n;
};

int images_new(const struct images_opts *opts, struct images **ret, struct err *e UNUSED)
{
	struct images *i = xcalloc(1, sizeof(*i));

	i->opts = *opts;
	(void)pthread_mutex_init(&i->lock, NULL);
	*ret = i;
	return 0;
}

static void entry_free(struct entry *n)
{
	if (!n)
		return;
	image_done(&n->image);
	free(n->reference);
	free(n->layout);
	free(n->media_type);
	free(n);
}
AUTO_DEFINE(entry, entry_free)

void images_free(struct images *i)
{
	if (!i)
		return;
	for (size_t k = 0; k < i->n; k++)
		entry_free(i->items[k]);
	free(i->items);
	(void)pthread_mutex_destroy(&i->lock);
	free(i);
}

/* ---- One image ---- */

/* What the store has under a name may be for another platform. */
static bool is_for(const struct image *img, const struct platform *want)
{
	const struct image_config *c = img->config;
	const struct image_platform have = { .os = c ? c->os : NULL,
					     .architecture = c ? c->architecture : NULL,
					     .variant = c ? c->variant : NULL };

	return c && (!c->os || !c->architecture || platform_fits(want, &have));
}

static int load(struct images *i, struct entry *n, struct err *e)
{
	int r = image_load(i->opts.store, n->reference, &n->platform, &n->image, e);

	if (r >= 0 && !is_for(&n->image, &n->platform)) {
		image_done(&n->image);
		r = err_set(e, IMAGE_ENOTFOUND, "image '%s' in the store is for another platform",
			    n->reference);
	}
	return r;
}

static int pull(struct images *i, struct entry *n, struct err *e)
{
	auto_(pull_result) struct pull_result result = { 0 };
	const struct pull_opts opts = {
		.name = n->reference,
		.platform = &n->platform,
		.registry = i->opts.registry,
		.progress = blob_progress_mode_for(i->opts.quiet),
		.unpack = true,
	};
	int r = pull_image(i->opts.store, &opts, &result, e);

	return r < 0 ? r : image_load(i->opts.store, result.manifest, &n->platform, &n->image, e);
}

static int give_no_name(struct image_target *t UNUSED, const struct image_descriptor *top UNUSED,
			const char *name UNUSED, struct err *e UNUSED)
{
	return 0;
}

/* Blobs and documents; the name that the place has is only read: nothing gets it. */
static int copy_layout(struct images *i, struct entry *n, struct copy_result *ret, struct err *e)
{
	auto_(image_source) struct image_source *source = NULL;
	auto_(image_target) struct image_target *target = NULL;
	char no_name[] = "layout";
	struct place from = {
		.kind = PLACE_OCI, .path = n->layout, .name = n->reference, .index = -1
	};
	struct place to = { .kind = PLACE_STORE, .name = no_name, .index = -1 };
	struct place_opts opts = { .store = i->opts.store, .quiet = true };
	struct copy_opts how = { .platform = &n->platform, .format = IMAGE_AS_IS };
	struct image_target_ops ops;
	int r = source_open(&from, &opts, &source, e);

	if (r >= 0)
		r = target_open(&to, &(struct target_opts){ .place = &opts, .source = source },
				&target, e);
	if (r < 0)
		return r;
	ops = *target->ops;
	ops.name = give_no_name;
	target->ops = &ops;
	return copy_image(source, target, &how, ret, e);
}

/* Of an OCI layout: into the store without a name; what this process wrote is held until it ends.
 */
static int take_from_layout(struct images *i, struct entry *n, struct err *e)
{
	auto_(copy_result) struct copy_result result = { 0 };
	struct store_image found = { .name = "", .desc = &n->desc };
	int r = copy_layout(i, n, &result, e);

	if (r < 0)
		return err_wrap(e, r, "oci-layout://%s", n->layout);
	memcpy(n->digest, result.digest, sizeof(n->digest));
	n->media_type = steal_ptr(&result.media_type);
	n->desc.media_type = n->media_type;
	n->desc.digest = n->digest;
	return image_load_entry(i->opts.store, &found, &n->platform, &n->image, e);
}

/* docker asks nobody for what it has; a name with a digest needs no asking in any case. */
static int find(struct images *i, struct entry *n, struct err *e)
{
	bool fixed = strchr(n->reference, '@') != NULL;
	int r = i->opts.pull && !fixed ? -IMAGE_ENOTFOUND : load(i, n, e);

	if (r != -IMAGE_ENOTFOUND)
		return r;
	if (i->opts.never)
		return err_wrap(e, r, "--pull=never");
	err_clear(e);
	image_done(&n->image);
	return pull(i, n, e);
}

/* ---- All of them ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && streq(a, b));
}

static struct entry *find_entry(const struct images *i, const struct vertex_image *want)
{
	for (size_t k = 0; k < i->n; k++) {
		struct entry *n = i->items[k];

		if (streq(n->reference, want->reference) && same_text(n->layout, want->layout) &&
		    memcmp(&n->platform, &want->platform, sizeof(n->platform)) == 0)
			return n;
	}
	return NULL;
}

static int add(struct images *i, const struct vertex_image *want, struct entry **ret, struct err *e)
{
	auto_(entry) struct entry *n = xcalloc(1, sizeof(*n));
	int r;

	n->reference = xstrdup(want->reference);
	n->layout = want->layout ? xstrdup(want->layout) : NULL;
	n->platform = want->platform;
	r = n->layout ? take_from_layout(i, n, e) : find(i, n, e);
	if (r < 0)
		return r;
	i->items = xreallocarray(i->items, i->n + 1, sizeof(struct entry *));
	i->items[i->n++] = *ret = steal_ptr(&n);
	return 0;
}

int images_get(struct images *i, const struct vertex_image *want, const struct image **ret,
	       struct err *e)
{
	struct entry *n;
	int r = 0;

	(void)pthread_mutex_lock(&i->lock);
	n = find_entry(i, want);
	if (!n)
		r = add(i, want, &n, e);
	(void)pthread_mutex_unlock(&i->lock);
	if (r >= 0)
		*ret = &n->image;
	return r < 0 ? r : 0;
}
