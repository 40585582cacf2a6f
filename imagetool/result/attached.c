/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/attached.h"

#include "imagetool/commit/config_lists.h"
#include "imagetool/result/purl.h"
#include "imagetool/result/statement.h"
#include "libutil/alloc.h"
#include "libutil/json.h"

#define IN_TOTO_LAYER  "application/vnd.in-toto+json"
#define PREDICATE_TYPE "in-toto.io/predicate-type"
#define NO_NAME        "_"
#define ARTIFACT_TYPE  "application/vnd.docker.attestation.manifest.v1+json"

/* ---- A statement ---- */

static void write_statement(const struct result_statement *s, const char *digest,
			    const struct platform *platform, const struct strv *names,
			    struct arena *a, struct strbuf *out)
{
	struct statement_subject *subjects = arena_alloc(a, names->n + 1, sizeof(*subjects));
	struct json_writer w = { .out = out };

	subjects[0] = (struct statement_subject){ NO_NAME, digest };
	for (size_t i = 0; i < names->n; i++) {
		auto_(strbuf) struct strbuf purl = { 0 };

		(void)purl_image("docker", names->v[i], platform, &purl);
		subjects[i] = (struct statement_subject){
			purl.len ? arena_strdup(a, strbuf_str(&purl)) : NO_NAME, digest
		};
	}
	statement_write(s, subjects, names->n ? names->n : 1, &w);
}

static int add_statement(struct store *s, const struct strbuf *text, const char *predicate_type,
			 struct arena *a, struct image_descriptor *ret, struct err *e)
{
	int r = blob_add_text(s, text, "statement", IN_TOTO_LAYER, a, ret, e);

	if (r < 0)
		return r;
	map_set(a, &ret->annotations, PREDICATE_TYPE, predicate_type);
	return 0;
}

/* ---- Documents ---- */

static int add_document(struct store *s, const struct field_type *type, const void *object,
			const char *media_type, struct arena *a, struct image_descriptor *ret,
			struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };

	oci_encode(type, object, 0, &text);
	return blob_add_text(s, &text, type->name, media_type, a, ret, e);
}

static int add_empty_config(struct store *s, struct arena *a, struct image_descriptor *ret,
			    struct err *e)
{
	char digest[DIGEST_TEXT_SIZE];
	int r = blob_add(s, "{}", 2, digest, e);

	*ret = (struct image_descriptor){ .media_type = MEDIA_OCI_EMPTY,
					  .digest = arena_strdup(a, digest),
					  .size = { true, 2 },
					  .data = "e30=" };
	return r;
}

/* An image for no machine, whose layers the statements are. */
static int add_image_config(struct store *s, const struct image_descriptor *layers, size_t n,
			    struct arena *a, struct image_descriptor *ret, struct err *e)
{
	struct image_rootfs fs = { .type = "layers" };
	struct image_run_config run = { 0 };
	const struct image_config config = {
		.architecture = "unknown", .os = "unknown", .config = &run, .rootfs = &fs
	};

	for (size_t i = 0; i < n; i++)
		list_append(a, &fs.diff_ids, layers[i].digest);
	return add_document(s, &image_config_type, &config, MEDIA_OCI_CONFIG, a, ret, e);
}

static int add_manifest(struct store *s, const struct image_descriptor *image, bool artifact,
			struct image_descriptor *layers, size_t n, struct arena *a,
			struct image_descriptor *ret, struct err *e)
{
	struct image_descriptor config;
	struct image_descriptor subject = { .media_type = image->media_type,
					    .digest = image->digest,
					    .size = image->size };
	const struct image_manifest m = {
		.schema_version = { true, 2 },
		.media_type = MEDIA_OCI_MANIFEST,
		.artifact_type = artifact ? ARTIFACT_TYPE : NULL,
		.config = &config,
		.layers = { layers, n },
		.subject = artifact ? &subject : NULL,
	};
	int r = artifact ? add_empty_config(s, a, &config, e)
			 : add_image_config(s, layers, n, a, &config, e);

	return r < 0 ? r : add_document(s, &image_manifest_type, &m, MEDIA_OCI_MANIFEST, a, ret, e);
}

int attached_write(struct store *s, const struct image_descriptor *image,
		   const struct platform *platform, const struct strv *names, bool artifact,
		   const struct result_statements *statements, struct arena *a,
		   struct image_descriptor *ret, struct err *e)
{
	struct image_descriptor *layers = arena_alloc(a, statements->n + 1, sizeof(*layers));
	struct image_platform *nowhere = arena_alloc(a, 1, sizeof(*nowhere));
	int r = 0;

	for (size_t i = 0; i < statements->n && r >= 0; i++) {
		auto_(strbuf) struct strbuf text = { .max = (size_t)64 << 20 };

		write_statement(&statements->items[i], image->digest, platform, names, a, &text);
		r = add_statement(s, &text, statements->items[i].predicate_type, a, &layers[i], e);
	}
	if (r >= 0)
		r = add_manifest(s, image, artifact, layers, statements->n, a, ret, e);
	if (r < 0)
		return err_wrap(e, r, "attestation");
	nowhere->os = nowhere->architecture = "unknown";
	ret->platform = nowhere;
	map_set(a, &ret->annotations, ATTACHED_DIGEST, image->digest);
	map_set(a, &ret->annotations, ATTACHED_TYPE, "attestation-manifest");
	return 0;
}
