/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of the Container Device Interface, versions 0.3.0 to 1.1.0: what a vendor's devices
 * change in a container's config.json.  Such files are the administrator's, and as able as he is:
 * what they name is mounted and run.  They are read as data all the same: bounded, and refused when
 * they have what no version knows.
 *
 * cdi_spec_parse() is pure.
 */
#ifndef IMAGETOOL_CDI_SPEC_H
#define IMAGETOOL_CDI_SPEC_H

#include "oci-spec/codec.h"

#define CDI_FILE_MAX  ((size_t)1 << 20) /* bytes */
#define CDI_EDITS_MAX 1024              /* of one kind, of one device */

enum cdi_hook_name {
	CDI_HOOK_NONE,
	CDI_HOOK_PRESTART,
	CDI_HOOK_CREATE_RUNTIME,
	CDI_HOOK_CREATE_CONTAINER,
	CDI_HOOK_START_CONTAINER,
	CDI_HOOK_POSTSTART,
	CDI_HOOK_POSTSTOP,
};

struct cdi_device_node {
	const char *path;
	const char *host_path;       /* NULL: the same */
	const char *type;            /* b, c, u, p; NULL: as the host's is */
	struct opt_i64 major, minor; /* 0: as the host's are */
	struct opt_u64 file_mode;    /* may carry the type bits */
	const char *permissions;     /* r, w, m; "none"; NULL: all */
	struct opt_u64 uid, gid;     /* absent: those of the process */
};

struct cdi_mount {
	const char *host_path, *container_path, *type;
	struct oci_strings options;
};

struct cdi_hook {
	int name; /* enum cdi_hook_name */
	const char *path;
	struct oci_strings args, env;
	struct opt_i64 timeout;
};

struct cdi_net_device {
	const char *host_name, *name;
};

struct cdi_intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct oci_strings schemata;
	bool enable_monitoring;
};

struct cdi_edits {
	struct oci_strings env;        /* NAME=VALUE */
	struct oci_array device_nodes; /* struct cdi_device_node */
	struct oci_array net_devices;  /* struct cdi_net_device */
	struct oci_array mounts;       /* struct cdi_mount */
	struct oci_array hooks;        /* struct cdi_hook */
	struct cdi_intel_rdt *intel_rdt;
	struct oci_u32s additional_gids;
};

struct cdi_spec_device {
	const char *name;
	struct oci_strmap annotations;
	struct cdi_edits *edits;
};

struct cdi_spec {
	const char *version, *kind;
	struct oci_strmap annotations;
	struct oci_array devices; /* struct cdi_spec_device */
	struct cdi_edits *edits;  /* of all devices; NULL: none */
};

/* spec.c.  `file` is its path for messages; its end says whether it is YAML.  All lies in `a`. */
int cdi_spec_parse(const char *file, const char *text, size_t len, struct arena *a,
		   struct cdi_spec **ret, struct err *e);

/* check.c: what rows cannot say. */
int cdi_spec_check(const char *file, const struct cdi_spec *spec, struct err *e);
/* version.c: is it known, and does the file keep to it? */
int cdi_version_check(const char *file, const struct cdi_spec *spec, struct err *e);

#endif
