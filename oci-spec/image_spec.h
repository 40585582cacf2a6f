/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image-spec 1.1 documents as structs: descriptor, manifest, index, image
 * config, layout file; Docker schema 2 manifests and lists decode into the same
 * structs, and Docker's extra members of the image config are kept.
 *
 * A manifest or index is hashed as the bytes that were received: never encode a
 * decoded one to find its digest.
 */
#ifndef OCI_SPEC_IMAGE_SPEC_H
#define OCI_SPEC_IMAGE_SPEC_H

#include "oci-spec/codec.h"

#define MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_EMPTY       "application/vnd.oci.empty.v1+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER    "application/vnd.docker.image.rootfs.diff.tar"

enum media_kind {
	MEDIA_UNKNOWN,
	MEDIA_MANIFEST,
	MEDIA_INDEX,
	MEDIA_CONFIG,
	MEDIA_LAYER,
	MEDIA_EMPTY,
};
enum layer_compression { LAYER_PLAIN, LAYER_GZIP, LAYER_ZSTD };

/* What a media type means; *ret_compression and *ret_foreign (non-distributable) only for layers,
 * may be NULL. */
enum media_kind media_type_parse(const char *type, enum layer_compression *ret_compression,
				 bool *ret_foreign);

struct image_platform {
	const char *architecture, *os, *os_version;
	struct oci_strings os_features;
	const char *variant;
	struct oci_strings features; /* reserved */
};

struct image_descriptor {
	const char *media_type;
	const char *digest;  /* legal: digest_check() passed */
	struct opt_i64 size; /* bytes */
	struct oci_strings urls;
	struct oci_strmap annotations;
	const char *data; /* base64 */
	const char *artifact_type;
	struct image_platform *platform;
};

struct image_manifest {
	struct opt_i64 schema_version;
	const char *media_type, *artifact_type;
	struct image_descriptor *config;
	struct oci_array layers; /* struct image_descriptor */
	struct image_descriptor *subject;
	struct oci_strmap annotations;
};

struct image_index {
	struct opt_i64 schema_version;
	const char *media_type, *artifact_type;
	struct oci_array manifests; /* struct image_descriptor */
	struct image_descriptor *subject;
	struct oci_strmap annotations;
};

struct image_layout {
	const char *version; /* imageLayoutVersion */
};
#define IMAGE_LAYOUT_VERSION "1.0.0"

struct image_healthcheck {
	struct oci_strings test;
	struct opt_i64 interval, timeout, start_period, start_interval; /* nanoseconds */
	struct opt_i64 retries;
};

/* The "config" member of the image config. */
struct image_run_config {
	const char *user;
	struct oci_strings exposed_ports; /* "80/tcp" */
	struct oci_strings env, entrypoint, cmd;
	struct oci_strings volumes;
	const char *working_dir;
	struct oci_strmap labels;
	const char *stop_signal;
	/* Docker's */
	struct opt_bool args_escaped;
	struct image_healthcheck *healthcheck;
	struct oci_strings on_build, shell;
	struct opt_i64 memory, memory_swap, cpu_shares;
	struct opt_i64 stop_timeout;
	const char *hostname, *domainname;
	struct opt_bool attach_stdin, attach_stdout, attach_stderr, tty, open_stdin, stdin_once,
		network_disabled;
	const char *image, *mac_address;
};

struct image_rootfs {
	const char *type; /* "layers" */
	struct oci_strings diff_ids;
};

struct image_history {
	const char *created, *created_by, *author, *comment;
	struct opt_bool empty_layer;
};

struct image_config {
	const char *created, *author;
	const char *architecture, *os, *os_version, *variant;
	struct oci_strings os_features;
	struct image_run_config *config;
	struct image_rootfs *rootfs;
	struct oci_array history; /* struct image_history */
	/* Docker's */
	const char *container, *docker_version, *id, *parent;
	struct image_run_config *container_config;
	const char *buildkit_cache; /* moby.buildkit.cache.v0: base64 of a cache config */
};

/* manifest.json of docker-archive: an array of these. */
struct docker_archive_item {
	const char *config;
	struct oci_strings repo_tags;
	struct oci_strings layers;
};

extern const struct field_type image_descriptor_type;
extern const struct field_type image_manifest_type;
extern const struct field_type image_index_type;
extern const struct field_type image_config_type;
extern const struct field_type image_layout_type;
extern const struct field_type docker_archive_item_type;

/* Decode and check: schemaVersion 2, the mediaType (when given) of that kind, digests legal, sizes
 * >= 0, not both `manifests` and `layers`/`config` in one document (CVE-2021-41190). */
int image_manifest_decode(const char *name, const char *text, size_t len, struct arena *a,
			  struct image_manifest **ret, struct err *e);
int image_index_decode(const char *name, const char *text, size_t len, struct arena *a,
		       struct image_index **ret, struct err *e);
int image_config_decode(const char *name, const char *text, size_t len, struct arena *a,
			struct image_config **ret, struct err *e);
int image_layout_decode(const char *name, const char *text, size_t len, struct arena *a,
			struct image_layout **ret, struct err *e);
/* Names of members are relative and without "..". */
int docker_archive_decode(const char *name, const char *text, size_t len, struct arena *a,
			  struct docker_archive_item **ret, size_t *ret_n, struct err *e);

/* ---- Digests as text ---- */

/* "sha256:" + 64 or "sha512:" + 128 lower-case hex digits; anything else -EINVAL, before any use in
 * a path. */
int digest_check(const char *digest, struct err *e);
/* The hex part of a legal digest. */
const char *digest_hex(const char *digest);

/* ---- References: [registry/]repository[:tag][@digest] ---- */

struct image_reference {
	char *registry;   /* "docker.io", "localhost:5000" */
	char *repository; /* "library/nginx" */
	char *tag;        /* NULL when only a digest was given; "latest" when neither */
	char *digest;     /* or NULL */
};

/* Docker's short names: "nginx" is docker.io/library/nginx:latest. */
int reference_parse(const char *text, struct image_reference *ret, struct err *e);
void image_reference_done(struct image_reference *r);
AUTO_DEFINE_DONE(image_reference, image_reference_done)
/* Full text: "docker.io/library/nginx:latest". */
char *reference_text(const struct image_reference *r) MALLOC_LIKE;
/* Letters, digits, '_', '.' and '-', not one of the last two in front, at most 128. */
bool reference_is_tag(const char *text);
/* What docker prints: "nginx:latest". */
char *reference_familiar(const struct image_reference *r) MALLOC_LIKE;

#endif
