/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/docker_items.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/archive/oci_manifest.h"
#include "imagetool/codec/decompress.h"
#include "imagetool/errors.h"
#include "imagetool/interrupt.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"
#include "libutil/json.h"
#include "libutil/strbuf.h"

#define HASH_SIZE ((size_t)256 << 10)

void docker_made_done(struct docker_made *m)
{
	free(m->text);
	free(m->parts);
	*m = (struct docker_made){ 0 };
}

const struct member *docker_made_find(const struct docker_made *m, const char *digest)
{
	for (size_t i = 0; i < m->n; i++)
		if (streq(m->parts[i].digest, digest))
			return m->parts[i].member;
	return NULL;
}

/* ---- Which of them ---- */

/* "nginx" means docker.io/library/nginx:latest on both sides. */
static bool same_name(const char *a, const char *b)
{
	auto_(image_reference) struct image_reference x = { 0 }, y = { 0 };
	autofree char *full_x = NULL, *full_y = NULL;

	if (reference_parse(a, &x, NULL) < 0 || reference_parse(b, &y, NULL) < 0)
		return streq(a, b);
	full_x = reference_text(&x);
	full_y = reference_text(&y);
	return streq(full_x, full_y);
}

static bool has_tag(const struct docker_archive_item *item, const char *name)
{
	for (size_t i = 0; i < item->repo_tags.n; i++)
		if (same_name(item->repo_tags.items[i], name))
			return true;
	return false;
}

/* NULL with `e` set when there is none. */
static const struct docker_archive_item *choose(const struct docker_archive_item *items, size_t n,
						const struct place *p, struct err *e)
{
	if (p->index >= 0 && (size_t)p->index < n)
		return &items[p->index];
	if (p->index < 0 && !p->name && n == 1)
		return &items[0];
	for (size_t i = 0; i < n && p->name; i++)
		if (has_tag(&items[i], p->name))
			return &items[i];
	if (p->name)
		(void)err_set(e, IMAGE_ENOTFOUND, "no image is called '%s'", p->name);
	else if (p->index >= 0)
		(void)err_set(e, IMAGE_ENOTFOUND, "there are %zu images, none is at @%d", n,
			      p->index);
	else
		(void)err_set(e, n ? EINVAL : IMAGE_ENOTFOUND,
			      "there are %zu images: say which, 'docker-archive:%s:NAME' or ':@0'",
			      n, p->path);
	return NULL;
}

/* ---- Descriptors ---- */

static int hash_member(const struct archive_file *f, const struct member *m,
		       char digest[DIGEST_TEXT_SIZE], struct err *e)
{
	auto_(digest) struct digest *hash = digest_new(DIGEST_SHA256);
	autofree char *buf = xcalloc(HASH_SIZE, 1);

	for (int64_t at = 0; at < m->size;) {
		int64_t left = m->size - at;
		ssize_t n = pread(f->fd, buf, left < (int64_t)HASH_SIZE ? (size_t)left : HASH_SIZE,
				  m->offset + at);
		int r = interrupt_check(e);

		if (r < 0)
			return r;
		if (n <= 0)
			return n < 0 ? err_sys(e, "read '%.200s'", m->name)
				     : err_set(e, IMAGE_EVERIFY, "the archive is cut short");
		digest_update(hash, buf, (size_t)n);
		at += n;
	}
	digest_final(hash, digest);
	return 0;
}

/* A plain layer is its own diffID, which is checked as it is read; a compressed one has to be
 * hashed for its name. */
static int describe_layer(const struct archive_file *f, const struct member *m, const char *diff_id,
			  struct docker_part *part, struct image_descriptor *ret, struct err *e)
{
	enum layer_compression kind;
	uint8_t head[4];
	ssize_t n = pread(f->fd, head, m->size < 4 ? (size_t)m->size : sizeof(head), m->offset);
	int r = 0;

	if (n < 0)
		return err_sys(e, "read '%.200s'", m->name);
	kind = compression_detect(head, (size_t)n);
	part->member = m;
	if (kind == LAYER_PLAIN && starts_with(diff_id, "sha256:"))
		memcpy(part->digest, diff_id, strlen(diff_id) + 1);
	else
		r = hash_member(f, m, part->digest, e);
	*ret = (struct image_descriptor){
		.media_type = oci_layer_type_of(kind),
		.digest = part->digest,
		.size = { true, m->size },
	};
	return r;
}

static int describe_layers(const struct archive_file *f, const struct docker_archive_item *item,
			   const struct image_config *config, struct docker_made *made,
			   struct image_descriptor *layers, struct err *e)
{
	int r = 0;

	if (!config->rootfs || item->layers.n != config->rootfs->diff_ids.n)
		return err_set(e, IMAGE_EVERIFY, "manifest.json has %zu layers, the config %zu",
			       item->layers.n, config->rootfs ? config->rootfs->diff_ids.n : 0);
	for (size_t i = 0; i < item->layers.n && r >= 0; i++) {
		const struct member *m = archive_file_find(f, item->layers.items[i], e);

		r = m ? describe_layer(f, m, config->rootfs->diff_ids.items[i], &made->parts[i + 1],
				       &layers[i], e)
		      : -IMAGE_EVERIFY;
	}
	made->n = item->layers.n + 1;
	return r;
}

static int describe_config(const struct archive_file *f, const struct docker_archive_item *item,
			   struct arena *a, struct docker_part *part, struct image_descriptor *ret,
			   struct image_config **ret_config, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	part->member = archive_file_find(f, item->config, e);
	if (!part->member)
		return -IMAGE_EVERIFY;
	r = archive_file_read(f, part->member, IMAGE_CONFIG_MAX, &text, &len, e);
	if (r >= 0)
		r = image_config_decode(item->config, text, len, a, ret_config, e);
	if (r < 0)
		return r;
	digest_of(DIGEST_SHA256, text, len, part->digest);
	*ret = (struct image_descriptor){
		.media_type = MEDIA_OCI_CONFIG,
		.digest = part->digest,
		.size = { true, (int64_t)len },
	};
	return 0;
}

static int make_item(const struct archive_file *f, const struct docker_archive_item *item,
		     struct arena *a, struct docker_made *made, struct err *e)
{
	struct image_descriptor config,
		*layers = arena_alloc(a, item->layers.n + 1, sizeof(*layers));
	auto_(strbuf) struct strbuf text = { .max = JSON_MAX_SIZE };
	struct image_config *doc;
	int r;

	made->parts = xcalloc(item->layers.n + 1, sizeof(*made->parts));
	r = describe_config(f, item, a, &made->parts[0], &config, &doc, e);
	if (r >= 0)
		r = describe_layers(f, item, doc, made, layers, e);
	if (r < 0)
		return r;
	oci_manifest_write(&config, layers, item->layers.n, &text);
	r = strbuf_check(&text, "manifest", e);
	made->len = text.len;
	made->text = strbuf_steal(&text);
	if (item->repo_tags.n)
		made->name = item->repo_tags.items[0];
	return r;
}

int docker_make(const struct archive_file *f, const struct place *p, struct arena *a,
		struct docker_made *ret, struct err *e)
{
	const struct docker_archive_item *item;
	const struct member *m = archive_file_find(f, "manifest.json", e);
	struct docker_archive_item *items;
	autofree char *text = NULL;
	size_t len, n;
	int r = m ? archive_file_read(f, m, JSON_MAX_SIZE, &text, &len, e) : -IMAGE_EVERIFY;

	if (r >= 0)
		r = docker_archive_decode("manifest.json", text, len, a, &items, &n, e);
	if (r < 0)
		return r;
	item = choose(items, n, p, e);
	return item ? make_item(f, item, a, ret, e) : -IMAGE_ENOTFOUND;
}
