/* SPDX-License-Identifier: Apache-2.0 */
/* docker-archive: config and layers by the names manifest.json gives them. */
#include <errno.h>

#include "imagetool/archive/load_internal.h"
#include "imagetool/archive/oci_manifest.h"
#include "imagetool/errors.h"
#include "imagetool/store/image.h"
#include "libutil/alloc.h"

/* NULL with `e` set when there is none. */
static const struct member *find_blob(const struct members *members, const char *name,
				      struct err *e)
{
	const struct member *m = members_find(members, name);

	if (m && m->kind == MEMBER_BLOB)
		return m;
	(void)err_set(e, IMAGE_EVERIFY, "manifest.json names '%.200s', which is not there", name);
	return NULL;
}

/* An uncompressed layer is its own diffID; a compressed one is checked when it is unpacked. */
static int describe_layer(const struct member *m, const char *diff_id, struct image_descriptor *ret,
			  struct err *e)
{
	if (m->compression == LAYER_PLAIN && starts_with(diff_id, "sha256:") &&
	    !streq(m->digest, diff_id))
		return err_set(e, IMAGE_EVERIFY, "layer '%.200s' has digest %s, the config says %s",
			       m->name, m->digest, diff_id);
	*ret = (struct image_descriptor){
		.media_type = oci_layer_type_of(m->compression),
		.digest = m->digest,
		.size = { true, m->size },
	};
	return 0;
}

static int describe_layers(const struct members *members, const struct docker_archive_item *item,
			   const struct image_config *config, struct image_descriptor *layers,
			   struct err *e)
{
	int r = 0;

	if (item->layers.n != config->rootfs->diff_ids.n)
		return err_set(e, IMAGE_EVERIFY, "manifest.json has %zu layers, the config %zu",
			       item->layers.n, config->rootfs->diff_ids.n);
	for (size_t i = 0; i < item->layers.n && r >= 0; i++) {
		const struct member *m = find_blob(members, item->layers.items[i], e);

		r = m ? describe_layer(m, config->rootfs->diff_ids.items[i], &layers[i], e)
		      : -IMAGE_EVERIFY;
	}
	return r;
}

static int read_config(struct load *l, const struct member *m, struct image_config **ret,
		       struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = blob_read(l->store, m->digest, m->size, IMAGE_CONFIG_MAX, &text, &len, e);

	return r < 0 ? r : image_config_decode(m->name, text, len, &l->arena, ret, e);
}

/* The archive has no manifest of its own; this is the one every tool would make of it. */
static int add_manifest(struct load *l, const struct member *config_blob,
			const struct image_descriptor *layers, size_t n,
			struct image_descriptor *ret, struct err *e)
{
	const struct image_descriptor config = {
		.media_type = MEDIA_OCI_CONFIG,
		.digest = config_blob->digest,
		.size = { true, config_blob->size },
	};
	auto_(strbuf) struct strbuf text = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	int r;

	oci_manifest_write(&config, layers, n, &text);
	r = strbuf_check(&text, "manifest", e);
	if (r >= 0)
		r = blob_add(l->store, text.data, text.len, digest, e);
	if (r < 0)
		return r;
	*ret = (struct image_descriptor){
		.media_type = MEDIA_OCI_MANIFEST,
		.digest = arena_strdup(&l->arena, digest),
		.size = { true, (int64_t)text.len },
	};
	return 0;
}

static int name_all(struct load *l, const struct docker_archive_item *item,
		    const struct image_descriptor *desc, struct err *e)
{
	int r = 0;

	if (l->opts->name || !item->repo_tags.n)
		return load_name(l, NULL, desc, e);
	for (size_t i = 0; i < item->repo_tags.n && r >= 0; i++)
		r = load_name(l, item->repo_tags.items[i], desc, e);
	return r;
}

static int load_item(struct load *l, const struct members *members,
		     const struct docker_archive_item *item, struct err *e)
{
	autofree struct image_descriptor *layers = xcalloc(item->layers.n + 1, sizeof(*layers));
	const struct member *blob = find_blob(members, item->config, e);
	struct image_config *config = NULL;
	struct image_descriptor desc;
	int r = blob ? read_config(l, blob, &config, e) : -IMAGE_EVERIFY;

	if (r >= 0)
		r = describe_layers(members, item, config, layers, e);
	if (r >= 0)
		r = add_manifest(l, blob, layers, item->layers.n, &desc, e);
	if (r < 0)
		return r;
	desc.platform = &(struct image_platform){ .architecture = config->architecture,
						  .os = config->os,
						  .variant = config->variant };
	return name_all(l, item, &desc, e);
}

int load_docker(struct load *l, const struct members *members, const struct member *manifest,
		struct err *e)
{
	struct docker_archive_item *items;
	size_t n;
	int r = docker_archive_decode("manifest.json", manifest->text, manifest->len, &l->arena,
				      &items, &n, e);

	if (r >= 0)
		r = load_check_count(l, n, e);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = load_item(l, members, &items[i], e);
	return r;
}
