/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: the features document (features.md, features-linux.md). */
#include "oci-spec/runtime_spec.h"

static const struct field enabled_rows[] = {
	FIELD_ROW(struct feature_enabled, enabled, "enabled", FIELD_OPT_BOOL),
};
static const struct field_type enabled_type =
	FIELD_TYPE("feature", struct feature_enabled, enabled_rows);

#define C(...) FIELD_ROW(struct features_cgroup, __VA_ARGS__, FIELD_OPT_BOOL)
static const struct field cgroup_rows[] = {
	C(v1, "v1"),     C(v2, "v2"), C(systemd, "systemd"), C(systemd_user, "systemdUser"),
	C(rdma, "rdma"),
};
static const struct field_type cgroup_type =
	FIELD_TYPE("cgroup", struct features_cgroup, cgroup_rows);

#define S(...) FIELD_ROW(struct features_seccomp, __VA_ARGS__)
static const struct field seccomp_rows[] = {
	S(enabled, "enabled", FIELD_OPT_BOOL),
	S(actions, "actions", FIELD_STRINGS),
	S(operators, "operators", FIELD_STRINGS),
	S(archs, "archs", FIELD_STRINGS),
	S(known_flags, "knownFlags", FIELD_STRINGS),
	S(supported_flags, "supportedFlags", FIELD_STRINGS),
};
static const struct field_type seccomp_type =
	FIELD_TYPE("seccomp", struct features_seccomp, seccomp_rows);

#define R(...) FIELD_ROW(struct features_intel_rdt, __VA_ARGS__, FIELD_OPT_BOOL)
static const struct field intel_rdt_rows[] = {
	R(enabled, "enabled"),
	R(schemata, "schemata"),
	R(monitoring, "monitoring"),
};
static const struct field_type intel_rdt_type =
	FIELD_TYPE("Intel RDT", struct features_intel_rdt, intel_rdt_rows);

#define M(...) FIELD_ROW(struct features_memory_policy, __VA_ARGS__, FIELD_STRINGS)
static const struct field memory_policy_rows[] = {
	M(modes, "modes"),
	M(flags, "flags"),
};
static const struct field_type memory_policy_type =
	FIELD_TYPE("memory policy", struct features_memory_policy, memory_policy_rows);

static const struct field mount_extensions_rows[] = {
	FIELD_ROW(struct features_mount_extensions, idmap, "idmap", FIELD_OBJECT,
		  .type = &enabled_type),
};
static const struct field_type mount_extensions_type =
	FIELD_TYPE("mount extensions", struct features_mount_extensions, mount_extensions_rows);

#define L(...) FIELD_ROW(struct features_linux, __VA_ARGS__)
static const struct field linux_rows[] = {
	L(namespaces, "namespaces", FIELD_STRINGS),
	L(capabilities, "capabilities", FIELD_STRINGS),
	L(cgroup, "cgroup", FIELD_OBJECT, .type = &cgroup_type),
	L(seccomp, "seccomp", FIELD_OBJECT, .type = &seccomp_type),
	L(apparmor, "apparmor", FIELD_OBJECT, .type = &enabled_type),
	L(selinux, "selinux", FIELD_OBJECT, .type = &enabled_type),
	L(intel_rdt, "intelRdt", FIELD_OBJECT, .type = &intel_rdt_type),
	L(memory_policy, "memoryPolicy", FIELD_OBJECT, .type = &memory_policy_type),
	L(mount_extensions, "mountExtensions", FIELD_OBJECT, .type = &mount_extensions_type),
	L(net_devices, "netDevices", FIELD_OBJECT, .type = &enabled_type),
};
static const struct field_type linux_type = FIELD_TYPE("linux", struct features_linux, linux_rows);

#define F(...) FIELD_ROW(struct oci_features, __VA_ARGS__)
static const struct field rows[] = {
	F(oci_version_min, "ociVersionMin", FIELD_STRING, .bits = FIELD_REQUIRED),
	F(oci_version_max, "ociVersionMax", FIELD_STRING, .bits = FIELD_REQUIRED),
	F(hooks, "hooks", FIELD_STRINGS),
	F(mount_options, "mountOptions", FIELD_STRINGS),
	F(linux_, "linux", FIELD_OBJECT, .type = &linux_type),
	F(annotations, "annotations", FIELD_STRMAP),
	F(potentially_unsafe_config_annotations, "potentiallyUnsafeConfigAnnotations",
	  FIELD_STRINGS),
};
const struct field_type oci_features_type = FIELD_TYPE("features", struct oci_features, rows);
