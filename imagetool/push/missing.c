/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does the registry have?  A manifest that is there has all that it names, so
 * an unchanged image costs one question, and an index of which one image changed
 * one for each.
 */
#include <fcntl.h>

#include "imagetool/push/internal.h"
#include "imagetool/registry/publish.h"
#include "imagetool/store/descriptor.h"
#include "libutil/alloc.h"
#include "libutil/fd.h"

/* ---- Reading ---- */

static int file_seek(void *ctx, int64_t offset, struct err *e)
{
	struct push_file *f = ctx;
	int64_t size;

	if (f->fd < 0) {
		f->fd = blob_open(f->store, f->digest, &size, e);
		if (f->fd < 0)
			return f->fd;
		(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	if (lseek(f->fd, offset, SEEK_SET) < 0)
		return err_sys(e, "seek in blob '%s'", f->digest);
	return 0;
}

static ssize_t file_read(void *ctx, void *buf, size_t len, struct err *e)
{
	struct push_file *f = ctx;
	ssize_t n = read(f->fd, buf, len);

	return n < 0 ? err_sys(e, "read blob '%s'", f->digest) : n;
}

static void file_close(void *ctx)
{
	struct push_file *f = ctx;

	fd_close(&f->fd);
}

static void add_item(struct push *p, const struct image_descriptor *desc, const char *mount_from)
{
	struct push_file *f = &p->files[p->n_items];

	*f = (struct push_file){
		.store = p->store, .digest = desc->digest, .size = descriptor_size(desc), .fd = -1
	};
	p->items[p->n_items++] = (struct upload){
		.digest = f->digest,
		.size = f->size,
		.reader = { f, file_seek, file_read, file_close },
		.mount_from = mount_from,
	};
}

/* ---- Asking ---- */

/* 1: every tag stands for it already. */
static int tags_are_set(struct push *p, const char *digest, struct err *e)
{
	int r = p->tags.n > 0;

	for (size_t i = 0; i < p->tags.n && r > 0; i++) {
		char found[DIGEST_TEXT_SIZE];

		r = registry_head_manifest(p->registry, p->tags.v[i], found, e);
		if (r > 0)
			r = streq(found, digest);
	}
	return r;
}

static int ask_for_documents(struct push *p, struct err *e)
{
	/* What names others first: when it is there, so are they. */
	for (size_t i = p->n_documents; i-- > 0;) {
		struct push_document *d = &p->documents[i];
		char found[DIGEST_TEXT_SIZE];
		int r = registry_head_manifest(p->registry, d->digest, found, e);

		if (r < 0)
			return r;
		d->present = r > 0;
		if (d->present && i == p->n_documents - 1) {
			for (size_t j = 0; j < i; j++)
				p->documents[j].present = true;
			return 0;
		}
	}
	return 0;
}

static void list_blobs(struct push *p)
{
	auto_(digest_set) struct digest_set seen = { 0 };
	size_t most = 0;

	for (size_t i = 0; i < p->n_documents; i++)
		most += p->documents[i].present ? 0 : p->documents[i].n_blobs;
	p->items = xcalloc(most + 1, sizeof(*p->items));
	p->files = xcalloc(most + 1, sizeof(*p->files));
	for (size_t i = 0; i < p->n_documents; i++) {
		const struct push_document *d = &p->documents[i];

		for (size_t j = 0; j < d->n_blobs && !d->present; j++) {
			if (digest_set_add(&seen, d->blobs[j]->digest))
				add_item(p, d->blobs[j], d->mount_from[j]);
		}
	}
}

int push_find_missing(struct push *p, struct err *e)
{
	const char *digest = p->documents[p->n_documents - 1].digest;
	int r = tags_are_set(p, digest, e);

	if (r < 0)
		return r;
	p->unchanged = r > 0;
	if (p->unchanged) {
		for (size_t i = 0; i < p->n_documents; i++)
			p->documents[i].present = true;
	} else {
		r = ask_for_documents(p, e);
	}
	if (r >= 0)
		list_blobs(p);
	return r < 0 ? r : 0;
}
