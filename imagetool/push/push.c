/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/push/push.h"

#include <errno.h>
#include <stdio.h>

#include "imagetool/errors.h"
#include "imagetool/push/internal.h"
#include "imagetool/store/descriptor.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"
#include "libutil/fd.h"

static void push_done(struct push *p)
{
	registry_free(p->registry);
	for (size_t i = 0; i < p->n_items; i++)
		fd_close(&p->files[i].fd);
	image_reference_done(&p->ref);
	strv_done(&p->tags);
	digest_set_done(&p->seen);
	arena_done(&p->arena);
	free(p->documents);
	free(p->items);
	free(p->files);
	free(p->name);
}
AUTO_DEFINE_DONE(push, push_done)

void push_result_done(struct push_result *r)
{
	free(r->name);
	r->name = NULL;
}

/* ---- What, and where to ---- */

/* The name at the registry; an image that was typed by its id says nothing about that. */
static int find_destination(struct push *p, const struct store_image *found, struct err *e)
{
	const char *text = p->opts->destination;
	int r;

	if (!text && (found->by_digest || !found->name[0]))
		return err_set(e, EINVAL,
			       "'%s' says no registry to push to: give DESTINATION as well",
			       p->opts->name);
	if (!text)
		text = found->name;
	else if (starts_with(text, "docker://"))
		text += strlen("docker://");
	r = reference_parse(text, &p->ref, e);
	if (r < 0)
		return r;
	p->name = reference_text(&p->ref);
	if (p->ref.tag)
		strv_add(&p->tags, p->ref.tag);
	return 0;
}

static int add_tags(struct push *p, struct err *e)
{
	for (size_t i = 0; p->opts->tags && i < p->opts->tags->n; i++) {
		const char *tag = p->opts->tags->v[i];

		if (!reference_is_tag(tag))
			return err_set(e, EINVAL, "--tag: '%.130s' is not a legal tag", tag);
		if (!strv_has(&p->tags, tag))
			strv_add(&p->tags, tag);
	}
	return 0;
}

/* The manifest or index that is pushed.  `img` keeps what it points to. */
static int find_top(struct push *p, struct image *img, const struct store_image *found,
		    const struct image_descriptor **ret, struct err *e)
{
	bool is_index = descriptor_kind(found->desc) == MEDIA_INDEX;
	int r;

	if (p->opts->all && !is_index)
		return err_set(e, IMAGE_ENOTFOUND,
			       "'%s' is one image, the store has no index of that name: --all "
			       "has nothing to push",
			       p->opts->name);
	*ret = found->desc;
	if (!p->opts->platform)
		return 0;
	r = image_load_entry(p->store, found, p->opts->platform, img, e);
	if (r < 0)
		return r;
	/* Who asks for a platform means an image for that. */
	if (!is_index && img->config && img->config->os && img->config->architecture) {
		const struct image_platform have = { .os = img->config->os,
						     .architecture = img->config->architecture,
						     .variant = img->config->variant };
		char want[PLATFORM_TEXT_SIZE];

		if (!platform_fits(p->opts->platform, &have))
			return err_set(e, IMAGE_ENOTFOUND,
				       "the image is for platform %s/%s, not %s", have.os,
				       have.architecture, platform_text(p->opts->platform, want));
	}
	*ret = img->selected;
	return 0;
}

static int check_digest(const struct push *p, struct err *e)
{
	const char *digest = p->documents[p->n_documents - 1].digest;

	if (!p->ref.digest || streq(p->ref.digest, digest))
		return 0;
	return err_set(e, EINVAL, "the image is '%s', it cannot be pushed as '%s'", digest,
		       p->ref.digest);
}

/* ---- The stages, in order ---- */

static int prepare(struct push *p, struct image *img, struct err *e)
{
	const struct image_descriptor *top = NULL;
	struct store_image found;
	int r = 0;

	if (p->opts->image)
		found = (struct store_image){ .name = "", .desc = p->opts->image };
	else
		r = store_resolve(p->store, p->opts->name, &p->arena, &found, e);
	if (r >= 0)
		r = find_destination(p, &found, e);
	if (r >= 0)
		r = add_tags(p, e);
	if (r >= 0)
		r = find_top(p, img, &found, &top, e);
	if (r >= 0)
		r = push_plan(p, top, e);
	return r < 0 ? r : check_digest(p, e);
}

static int talk(struct push *p, struct err *e)
{
	struct registry_opts opts = p->opts->registry;
	int r;

	opts.push = true;
	r = registry_open(&p->ref, &opts, &p->registry, e);
	if (r < 0)
		return r;
	registry_want(p->registry, p->ref.repository, "pull,push");
	r = push_find_mounts(p, e);
	if (r >= 0)
		r = push_find_missing(p, e);
	return r < 0 || p->unchanged ? r : push_send(p, e);
}

static void count_blobs(const struct push *p, struct push_result *ret)
{
	auto_(digest_set) struct digest_set seen = { 0 };

	for (size_t i = 0; i < p->n_documents; i++) {
		const struct push_document *d = &p->documents[i];

		ret->images += !d->is_index;
		for (size_t j = 0; j < d->n_blobs; j++) {
			if (!digest_set_add(&seen, d->blobs[j]->digest))
				continue;
			ret->blobs++;
			ret->size += (uint64_t)descriptor_size(d->blobs[j]);
		}
	}
}

static void fill_result(struct push *p, struct push_result *ret)
{
	*ret = (struct push_result){ .foreign = p->n_foreign, .unchanged = p->unchanged };
	count_blobs(p, ret);
	for (size_t i = 0; i < p->n_items; i++) {
		ret->sent += p->items[i].outcome == UPLOAD_SENT;
		ret->mounted += p->items[i].outcome == UPLOAD_MOUNTED;
		ret->pushed += (uint64_t)p->items[i].travelled;
	}
	ret->name = steal_ptr(&p->name);
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s",
		       p->documents[p->n_documents - 1].digest);
}

int push_image(struct store *store, const struct push_opts *opts, struct push_result *ret,
	       struct err *e)
{
	auto_(push) struct push p = { .opts = opts, .store = store };
	auto_(image) struct image img = { 0 };
	int r = prepare(&p, &img, e);

	if (r >= 0)
		r = talk(&p, e);
	if (r < 0)
		return err_wrap(e, r, "push '%s'", p.name ? p.name : opts->name);
	fill_result(&p, ret);
	return 0;
}
