/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: linux, without resources and seccomp (config-linux.md). */
#include "oci-spec/runtime_rows.h"

const struct field_words oci_namespace_words = {
	"namespace type",
	(const char *const[]){ "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time",
			       NULL },
};

#define N(...) FIELD_ROW(struct spec_namespace, __VA_ARGS__)
static const struct field namespace_rows[] = {
	N(type, "type", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &oci_namespace_words),
	N(path, "path", FIELD_STRING, .bits = FIELD_ABSOLUTE),
};
static const struct field_type namespace_type =
	FIELD_TYPE("namespace", struct spec_namespace, namespace_rows);

#define T(...) FIELD_ROW(struct spec_time_offset, __VA_ARGS__)
static const struct field time_offset_rows[] = {
	T(secs, "secs", FIELD_I64),
	T(nanosecs, "nanosecs", FIELD_U64, ROW_U32),
};
static const struct field_type time_offset_type =
	FIELD_TYPE("time offset", struct spec_time_offset, time_offset_rows);

/* fileMode may carry the file type bits, as Docker once wrote them. */
#define D(...) FIELD_ROW(struct spec_device, __VA_ARGS__)
static const struct field device_rows[] = {
	D(path, "path", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	D(type, "type", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	D(major, "major", FIELD_I64),
	D(minor, "minor", FIELD_I64),
	D(file_mode, "fileMode", FIELD_U64, ROW_U32),
	D(uid, "uid", FIELD_U64, ROW_U32),
	D(gid, "gid", FIELD_U64, ROW_U32),
};
const struct field_type spec_device_type = FIELD_TYPE("device", struct spec_device, device_rows);

static const struct field net_device_rows[] = {
	FIELD_ROW(struct spec_net_device, name, "name", FIELD_STRING),
};
static const struct field_type net_device_type =
	FIELD_TYPE("network device", struct spec_net_device, net_device_rows);

#define R(...) FIELD_ROW(struct spec_intel_rdt, __VA_ARGS__)
static const struct field intel_rdt_rows[] = {
	R(clos_id, "closID", FIELD_STRING),
	R(schemata, "schemata", FIELD_STRINGS),
	R(l3_cache_schema, "l3CacheSchema", FIELD_STRING),
	R(mem_bw_schema, "memBwSchema", FIELD_STRING),
	R(enable_monitoring, "enableMonitoring", FIELD_BOOL),
};
static const struct field_type intel_rdt_type =
	FIELD_TYPE("Intel RDT", struct spec_intel_rdt, intel_rdt_rows);

#define M(...) FIELD_ROW(struct spec_memory_policy, __VA_ARGS__)
static const struct field memory_policy_rows[] = {
	M(mode, "mode", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	M(nodes, "nodes", FIELD_STRING),
	M(flags, "flags", FIELD_STRINGS),
};
static const struct field_type memory_policy_type =
	FIELD_TYPE("memory policy", struct spec_memory_policy, memory_policy_rows);

#define P(...) FIELD_ROW(struct spec_personality, __VA_ARGS__)
static const struct field personality_rows[] = {
	P(domain, "domain", FIELD_STRING),
	P(flags, "flags", FIELD_STRINGS),
};
static const struct field_type personality_type =
	FIELD_TYPE("personality", struct spec_personality, personality_rows);

#define L(...) FIELD_ROW(struct spec_linux, __VA_ARGS__)
static const struct field linux_rows[] = {
	L(namespaces, "namespaces", FIELD_OBJECTS, .type = &namespace_type),
	L(uid_mappings, "uidMappings", FIELD_OBJECTS, .type = &spec_id_mapping_type),
	L(gid_mappings, "gidMappings", FIELD_OBJECTS, .type = &spec_id_mapping_type),
	L(time_offsets, "timeOffsets", FIELD_OBJMAP, .type = &time_offset_type),
	L(devices, "devices", FIELD_OBJECTS, .type = &spec_device_type),
	L(net_devices, "netDevices", FIELD_OBJMAP, .type = &net_device_type),
	L(cgroups_path, "cgroupsPath", FIELD_STRING),
	L(resources, "resources", FIELD_OBJECT, .type = &spec_resources_type),
	L(intel_rdt, "intelRdt", FIELD_OBJECT, .type = &intel_rdt_type),
	L(memory_policy, "memoryPolicy", FIELD_OBJECT, .type = &memory_policy_type),
	L(rootfs_propagation, "rootfsPropagation", FIELD_STRING),
	L(seccomp, "seccomp", FIELD_OBJECT, .type = &spec_seccomp_type),
	L(sysctl, "sysctl", FIELD_STRMAP),
	L(masked_paths, "maskedPaths", FIELD_STRINGS),
	L(readonly_paths, "readonlyPaths", FIELD_STRINGS),
	L(mount_label, "mountLabel", FIELD_STRING),
	L(personality, "personality", FIELD_OBJECT, .type = &personality_type),
};
const struct field_type spec_linux_type = FIELD_TYPE("linux", struct spec_linux, linux_rows);
