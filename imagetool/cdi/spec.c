/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the documents, and how one is read. */
#include "imagetool/cdi/spec.h"

#include <errno.h>

#include "imagetool/cdi/yaml.h"

static const char *const hook_words[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL
};
static const struct field_words hook_names = { "hook name", hook_words };

#define NEEDED (FIELD_REQUIRED | FIELD_NONEMPTY)

#define N(...) FIELD_ROW(struct cdi_device_node, __VA_ARGS__)
static const struct field node_rows[] = {
	N(path, "path", FIELD_STRING, .bits = NEEDED | FIELD_ABSOLUTE),
	N(host_path, "hostPath", FIELD_STRING, .bits = FIELD_ABSOLUTE),
	N(type, "type", FIELD_STRING),
	N(major, "major", FIELD_I64, .min = -1, .max = UINT32_MAX),
	N(minor, "minor", FIELD_I64, .min = -1, .max = UINT32_MAX),
	N(file_mode, "fileMode", FIELD_U64, .max = UINT32_MAX),
	N(permissions, "permissions", FIELD_STRING),
	N(uid, "uid", FIELD_U64, .max = UINT32_MAX),
	N(gid, "gid", FIELD_U64, .max = UINT32_MAX),
};
static const struct field_type node_type =
	FIELD_TYPE("device node", struct cdi_device_node, node_rows);

#define M(...) FIELD_ROW(struct cdi_mount, __VA_ARGS__)
static const struct field mount_rows[] = {
	M(host_path, "hostPath", FIELD_STRING, .bits = NEEDED),
	M(container_path, "containerPath", FIELD_STRING, .bits = NEEDED | FIELD_ABSOLUTE),
	M(type, "type", FIELD_STRING),
	M(options, "options", FIELD_STRINGS),
};
static const struct field_type mount_type = FIELD_TYPE("mount", struct cdi_mount, mount_rows);

#define H(...) FIELD_ROW(struct cdi_hook, __VA_ARGS__)
static const struct field hook_rows[] = {
	H(name, "hookName", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &hook_names),
	H(path, "path", FIELD_STRING, .bits = NEEDED | FIELD_ABSOLUTE),
	H(args, "args", FIELD_STRINGS),
	H(env, "env", FIELD_STRINGS),
	H(timeout, "timeout", FIELD_I64, .min = 1, .max = INT32_MAX),
};
static const struct field_type hook_type = FIELD_TYPE("hook", struct cdi_hook, hook_rows);

#define D(...) FIELD_ROW(struct cdi_net_device, __VA_ARGS__, FIELD_STRING, .bits = NEEDED)
static const struct field net_device_rows[] = {
	D(host_name, "hostInterfaceName"),
	D(name, "name"),
};
static const struct field_type net_device_type =
	FIELD_TYPE("network device", struct cdi_net_device, net_device_rows);

/* The counters of old versions are no part of config.json any more. */
#define R(...) FIELD_ROW(struct cdi_intel_rdt, __VA_ARGS__)
static const struct field rdt_rows[] = {
	R(clos_id, "closID", FIELD_STRING),
	R(l3_cache_schema, "l3CacheSchema", FIELD_STRING),
	R(mem_bw_schema, "memBwSchema", FIELD_STRING),
	R(schemata, "schemata", FIELD_STRINGS),
	R(enable_monitoring, "enableMonitoring", FIELD_BOOL),
	FIELD_ROW_IGNORED("enableCMT"),
	FIELD_ROW_IGNORED("enableMBM"),
};
static const struct field_type rdt_type = FIELD_TYPE("Intel RDT", struct cdi_intel_rdt, rdt_rows);

/* The specification writes the last one with capitals, its library without. */
#define E(...) FIELD_ROW(struct cdi_edits, __VA_ARGS__)
static const struct field edits_rows[] = {
	E(env, "env", FIELD_STRINGS),
	E(device_nodes, "deviceNodes", FIELD_OBJECTS, .type = &node_type),
	E(net_devices, "netDevices", FIELD_OBJECTS, .type = &net_device_type),
	E(mounts, "mounts", FIELD_OBJECTS, .type = &mount_type),
	E(hooks, "hooks", FIELD_OBJECTS, .type = &hook_type),
	E(intel_rdt, "intelRdt", FIELD_OBJECT, .type = &rdt_type),
	E(additional_gids, "additionalGids", FIELD_U32S),
	E(additional_gids, "additionalGIDs", FIELD_U32S),
};
static const struct field_type edits_type = FIELD_TYPE("edits", struct cdi_edits, edits_rows);

#define V(...) FIELD_ROW(struct cdi_spec_device, __VA_ARGS__)
static const struct field device_rows[] = {
	V(name, "name", FIELD_STRING, .bits = NEEDED),
	V(annotations, "annotations", FIELD_STRMAP),
	V(edits, "containerEdits", FIELD_OBJECT, .bits = FIELD_REQUIRED, .type = &edits_type),
};
static const struct field_type device_type =
	FIELD_TYPE("device", struct cdi_spec_device, device_rows);

#define S(...) FIELD_ROW(struct cdi_spec, __VA_ARGS__)
static const struct field spec_rows[] = {
	S(version, "cdiVersion", FIELD_STRING, .bits = NEEDED),
	S(kind, "kind", FIELD_STRING, .bits = NEEDED),
	S(annotations, "annotations", FIELD_STRMAP),
	S(devices, "devices", FIELD_OBJECTS, .bits = NEEDED, .type = &device_type),
	S(edits, "containerEdits", FIELD_OBJECT, .type = &edits_type),
};
static const struct field_type spec_type = FIELD_TYPE("CDI spec", struct cdi_spec, spec_rows);

/* ---- A file ---- */

/* What no version knows is an error: a part of the device would be missing unnoticed. */
struct unknown {
	struct err e;
	const char *file;
};

static void note_unknown(void *ctx, const char *path, const char *key UNUSED,
			 const struct field_type *known UNUSED)
{
	struct unknown *u = ctx;

	if (!u->e.code)
		(void)err_set(&u->e, EBADMSG, "%s: %s: no version from 0.3.0 to 1.1.0 knows it",
			      u->file, path);
}

static int decode(const char *file, const char *text, size_t len, struct arena *a,
		  struct cdi_spec **ret, struct err *e)
{
	struct unknown unknown = { .file = file };
	struct decode_opts opts = { .unknown = note_unknown, .ctx = &unknown };
	void *spec = NULL;
	int r = oci_decode(&spec_type, file, text, len, &opts, a, &spec, e);

	if (r >= 0 && unknown.e.code)
		return err_take(e, &unknown.e);
	if (r >= 0)
		*ret = spec;
	return r;
}

static bool is_yaml(const char *file)
{
	size_t len = strlen(file);

	return len > 5 && streq(file + len - 5, ".yaml");
}

int cdi_spec_parse(const char *file, const char *text, size_t len, struct arena *a,
		   struct cdi_spec **ret, struct err *e)
{
	auto_(strbuf) struct strbuf json = { .max = JSON_MAX_SIZE };
	struct cdi_spec *spec = NULL;
	int r = 0;

	if (is_yaml(file)) {
		r = yaml_to_json(file, text, len, &spec_type, &json, e);
		text = strbuf_str(&json);
		len = json.len;
	}
	if (r >= 0)
		r = decode(file, text, len, a, &spec, e);
	if (r >= 0)
		r = cdi_version_check(file, spec, e);
	if (r >= 0)
		r = cdi_spec_check(file, spec, e);
	if (r >= 0)
		*ret = spec;
	return r;
}
