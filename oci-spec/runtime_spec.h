/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json of runtime-spec 1.3, the parts that mean something on Linux, as
 * structs.  Names follow the JSON keys.  Members of other platforms (solaris,
 * windows, vm, zos, freebsd) are known to the rows and ignored.
 *
 * Everything a pointer here points to belongs to the arena of oci_decode().
 * Enum members: 0 means absent.
 */
#ifndef OCI_SPEC_RUNTIME_SPEC_H
#define OCI_SPEC_RUNTIME_SPEC_H

#include "oci-spec/codec.h"

#define RUNTIME_SPEC_VERSION     "1.3.0"
#define RUNTIME_SPEC_MIN_VERSION "1.0.0"

/* config-linux.md "Namespaces" */
enum oci_namespace {
	OCI_NS_NONE,
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_MOUNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_COUNT,
};
extern const struct field_words oci_namespace_words;

struct spec_namespace {
	int type; /* enum oci_namespace */
	const char *path;
};

struct spec_id_mapping {
	struct opt_u64 container_id;
	struct opt_u64 host_id;
	struct opt_u64 size;
};

struct spec_root {
	const char *path;
	bool readonly;
};

struct spec_mount {
	const char *destination;
	const char *source;
	const char *type;
	struct oci_strings options;
	struct oci_array uid_mappings; /* struct spec_id_mapping */
	struct oci_array gid_mappings;
};

struct spec_hook {
	const char *path;
	struct oci_strings args;
	struct oci_strings env;
	struct opt_i64 timeout; /* seconds, > 0 */
};

struct spec_hooks {
	struct oci_array prestart; /* struct spec_hook, all six */
	struct oci_array create_runtime;
	struct oci_array create_container;
	struct oci_array start_container;
	struct oci_array poststart;
	struct oci_array poststop;
};

struct spec_console_size {
	struct opt_u64 height, width;
};

struct spec_user {
	struct opt_u64 uid, gid;
	struct opt_u64 umask;
	struct oci_u32s additional_gids;
	const char *username; /* Windows only */
};

struct spec_rlimit {
	const char *type; /* oci_rlimit_number() knows it */
	struct opt_u64 soft, hard;
};

struct spec_capabilities {
	struct oci_strings bounding, effective, inheritable, permitted, ambient;
};

enum oci_sched_policy {
	OCI_SCHED_NONE,
	OCI_SCHED_OTHER,
	OCI_SCHED_FIFO,
	OCI_SCHED_RR,
	OCI_SCHED_BATCH,
	OCI_SCHED_ISO,
	OCI_SCHED_IDLE,
	OCI_SCHED_DEADLINE,
};
enum oci_sched_flag {
	OCI_SCHED_FLAG_NONE,
	OCI_SCHED_FLAG_RESET_ON_FORK,
	OCI_SCHED_FLAG_RECLAIM,
	OCI_SCHED_FLAG_DL_OVERRUN,
	OCI_SCHED_FLAG_KEEP_POLICY,
	OCI_SCHED_FLAG_KEEP_PARAMS,
	OCI_SCHED_FLAG_UTIL_CLAMP_MIN,
	OCI_SCHED_FLAG_UTIL_CLAMP_MAX,
};
struct spec_scheduler {
	int policy;
	struct opt_i64 nice;
	struct opt_i64 priority;
	struct oci_ints flags;
	struct opt_u64 runtime, deadline, period;
};

enum oci_io_class { OCI_IO_NONE, OCI_IO_RT, OCI_IO_BE, OCI_IO_IDLE };
struct spec_io_priority {
	int io_class;
	struct opt_i64 priority;
};

struct spec_exec_cpu_affinity {
	const char *initial;
	const char *final;
};

struct spec_process {
	bool terminal;
	struct spec_console_size *console_size;
	struct spec_user *user;
	struct oci_strings args;
	const char *command_line; /* Windows only */
	struct oci_strings env;
	const char *cwd;
	struct spec_capabilities *capabilities;
	struct oci_array rlimits; /* struct spec_rlimit */
	bool no_new_privileges;
	const char *apparmor_profile;
	struct opt_i64 oom_score_adj;
	struct spec_scheduler *scheduler;
	const char *selinux_label;
	struct spec_io_priority *io_priority;
	struct spec_exec_cpu_affinity *exec_cpu_affinity;
};

struct spec_device {
	const char *path;
	const char *type; /* c, b, u, p */
	struct opt_i64 major, minor;
	struct opt_u64 file_mode; /* may carry the type bits: mask with 07777 */
	struct opt_u64 uid, gid;
};

struct spec_net_device {
	const char *key; /* name on the host */
	const char *name;
};

/* What the verb `devices` gives a running container: a node, and what may be done with it. */
struct spec_live_device {
	struct spec_device node;
	const char *access; /* r, w, m; NULL: all */
};

struct spec_device_rule {
	bool allow;
	const char *type; /* a, b, c; NULL: a */
	struct opt_i64 major, minor;
	const char *access;
};

struct spec_memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct spec_cpu {
	struct opt_u64 shares;
	struct opt_i64 quota;
	struct opt_u64 burst;
	struct opt_u64 period;
	struct opt_i64 realtime_runtime;
	struct opt_u64 realtime_period;
	const char *cpus, *mems;
	struct opt_i64 idle;
};

struct spec_pids {
	struct opt_i64 limit;
};

struct spec_weight_device {
	struct opt_i64 major, minor;
	struct opt_u64 weight, leaf_weight;
};

struct spec_throttle_device {
	struct opt_i64 major, minor;
	struct opt_u64 rate;
};

struct spec_block_io {
	struct opt_u64 weight, leaf_weight;
	struct oci_array weight_device;            /* struct spec_weight_device */
	struct oci_array throttle_read_bps_device; /* struct spec_throttle_device, all four */
	struct oci_array throttle_write_bps_device;
	struct oci_array throttle_read_iops_device;
	struct oci_array throttle_write_iops_device;
};

struct spec_hugepage_limit {
	const char *page_size;
	struct opt_u64 limit;
};

struct spec_interface_priority {
	const char *name;
	struct opt_u64 priority;
};

struct spec_network {
	struct opt_u64 class_id;
	struct oci_array priorities; /* struct spec_interface_priority */
};

struct spec_rdma {
	const char *key; /* device */
	struct opt_u64 hca_handles, hca_objects;
};

struct spec_resources {
	struct oci_array devices; /* struct spec_device_rule */
	struct spec_memory *memory;
	struct spec_cpu *cpu;
	struct spec_pids *pids;
	struct spec_block_io *block_io;
	struct oci_array hugepage_limits; /* struct spec_hugepage_limit */
	struct spec_network *network;
	struct oci_array rdma;     /* struct spec_rdma */
	struct oci_strmap unified; /* file -> value */
};

/* SCMP_ACT_* */
enum oci_seccomp_action {
	OCI_ACT_NONE,
	OCI_ACT_KILL,
	OCI_ACT_KILL_PROCESS,
	OCI_ACT_KILL_THREAD,
	OCI_ACT_TRAP,
	OCI_ACT_ERRNO,
	OCI_ACT_TRACE,
	OCI_ACT_ALLOW,
	OCI_ACT_LOG,
	OCI_ACT_NOTIFY,
};
/* SCMP_CMP_* */
enum oci_seccomp_op {
	OCI_CMP_NONE,
	OCI_CMP_NE,
	OCI_CMP_LT,
	OCI_CMP_LE,
	OCI_CMP_EQ,
	OCI_CMP_GE,
	OCI_CMP_GT,
	OCI_CMP_MASKED_EQ,
};
enum oci_seccomp_flag {
	OCI_SECCOMP_FLAG_NONE,
	OCI_SECCOMP_FLAG_TSYNC,
	OCI_SECCOMP_FLAG_LOG,
	OCI_SECCOMP_FLAG_SPEC_ALLOW,
	OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV,
};
extern const struct field_words oci_seccomp_action_words;
extern const struct field_words oci_seccomp_op_words;
extern const struct field_words oci_seccomp_flag_words;

struct spec_seccomp_arg {
	struct opt_u64 index;
	struct opt_u64 value, value_two;
	int op; /* enum oci_seccomp_op */
};

struct spec_seccomp_rule {
	struct oci_strings names;
	int action; /* enum oci_seccomp_action */
	struct opt_u64 errno_ret;
	struct oci_array args; /* struct spec_seccomp_arg */
};

struct spec_seccomp {
	int default_action;
	struct opt_u64 default_errno_ret;
	struct oci_ints flags; /* items NULL when absent: absent and [] differ */
	const char *listener_path, *listener_metadata;
	struct oci_strings architectures; /* SCMP_ARCH_* */
	struct oci_array syscalls;        /* struct spec_seccomp_rule */
};

struct spec_memory_policy {
	const char *mode; /* MPOL_* */
	const char *nodes;
	struct oci_strings flags; /* MPOL_F_* */
};

struct spec_intel_rdt {
	const char *clos_id;
	struct oci_strings schemata;
	const char *l3_cache_schema, *mem_bw_schema;
	bool enable_monitoring;
};

struct spec_personality {
	const char *domain; /* LINUX, LINUX32 */
	struct oci_strings flags;
};

struct spec_time_offset {
	const char *key; /* "monotonic", "boottime" */
	struct opt_i64 secs;
	struct opt_u64 nanosecs;
};

struct spec_linux {
	struct oci_array namespaces;   /* struct spec_namespace */
	struct oci_array uid_mappings; /* struct spec_id_mapping */
	struct oci_array gid_mappings;
	struct oci_array time_offsets; /* struct spec_time_offset */
	struct oci_array devices;      /* struct spec_device */
	struct oci_array net_devices;  /* struct spec_net_device */
	const char *cgroups_path;
	struct spec_resources *resources;
	struct spec_intel_rdt *intel_rdt;
	struct spec_memory_policy *memory_policy;
	const char *rootfs_propagation;
	struct spec_seccomp *seccomp;
	struct oci_strmap sysctl;
	struct oci_strings masked_paths, readonly_paths;
	const char *mount_label;
	struct spec_personality *personality;
};

struct runtime_spec {
	const char *oci_version;
	struct spec_process *process;
	struct spec_root *root;
	const char *hostname, *domainname;
	struct oci_array mounts; /* struct spec_mount */
	struct spec_hooks *hooks;
	struct oci_strmap annotations;
	struct spec_linux *linux_;
};

extern const struct field_type runtime_spec_type;   /* struct runtime_spec */
extern const struct field_type spec_process_type;   /* struct spec_process: exec --process */
extern const struct field_type spec_resources_type; /* struct spec_resources: update -r */

/* ---- Names of the kernel ---- */

/* Capabilities in the kernel's order: names[CAP_CHOWN] is "CAP_CHOWN". */
#define OCI_CAPABILITY_COUNT 41
extern const char *const oci_capability_names[OCI_CAPABILITY_COUNT];
/* The number of "CAP_CHOWN", or -1. */
int oci_capability_number(const char *name);
/* RLIMIT_* by name, or -1. */
int oci_rlimit_number(const char *name);
/* Words of linux.memoryPolicy, NULL-terminated. */
extern const char *const oci_memory_policy_modes[];
extern const char *const oci_memory_policy_flags[];

/* ---- Decode and check ---- */

/*
 * Decode config.json and check what rows cannot say: duplicate namespaces and rlimits, mappings
 * that come in pairs, actions that take no errno, an ociVersion of major version 1, ... `name` is
 * the file name for messages.
 */
int runtime_spec_decode(const char *name, const char *text, size_t len,
			const struct decode_opts *opts, struct arena *a, struct runtime_spec **ret,
			struct err *e);
/* Arrays as the verbs `mounts` and `devices` get them: of struct spec_mount, and of struct
 * spec_live_device. */
int spec_mounts_decode(const char *name, const char *text, size_t len, struct arena *a,
		       struct oci_array *ret, struct err *e);
int spec_live_devices_decode(const char *name, const char *text, size_t len, struct arena *a,
			     struct oci_array *ret, struct err *e);
/* The rules of runtime_spec_decode() on a struct that was made by hand.  A spec without process is
 * legal: such a container can be created, not started. */
int runtime_spec_check(const char *name, const struct runtime_spec *spec, struct err *e);
/* The same rules, all of what they find.  `spec` may come from a decoding that went on after
 * faults. */
void runtime_spec_faults(const struct runtime_spec *spec,
			 void (*fault)(void *ctx, const char *path, const char *reason), void *ctx);
int spec_process_decode(const char *name, const char *text, size_t len, struct arena *a,
			struct spec_process **ret, struct err *e);
/* A document of its own, as `update` gets it, and the same rules for a struct made by hand. */
int spec_resources_decode(const char *name, const char *text, size_t len, struct arena *a,
			  struct spec_resources **ret, struct err *e);
int spec_resources_check(const char *name, const struct spec_resources *r, struct err *e);

/* What the `spec` verb writes: a shell in rootfs/, Docker's default restrictions. */
struct runtime_spec *runtime_spec_default(struct arena *a, bool rootless);

/* The text is the path of a member, as messages have it: one word that begins with a member's name,
 * "linux.resources.memory.limit" or "mounts[2]". */
bool runtime_spec_is_path(const char *text, size_t len);

/* First namespace entry of a type, or NULL. */
const struct spec_namespace *spec_find_namespace(const struct runtime_spec *spec,
						 enum oci_namespace type);

/* ---- state.json as `creel state` prints it (runtime.md "State") ---- */

enum oci_status {
	OCI_STATUS_NONE,
	OCI_STATUS_CREATING,
	OCI_STATUS_CREATED,
	OCI_STATUS_RUNNING,
	OCI_STATUS_STOPPED,
	OCI_STATUS_PAUSED, /* not in the specification; runc and crun show it */
};
extern const struct field_words oci_status_words;

/* How a container ended; not in the specification. */
enum oci_exit_reason {
	OCI_EXIT_NONE,
	OCI_EXIT_EXITED,
	OCI_EXIT_SIGNAL,
	OCI_EXIT_OOM_KILL,
	OCI_EXIT_SECCOMP,
	OCI_EXIT_START_FAILURE,
	OCI_EXIT_NOT_STARTED,
	OCI_EXIT_UNKNOWN,
};
extern const struct field_words oci_exit_reason_words;

struct oci_exit {
	int reason; /* enum oci_exit_reason */
	struct opt_i64 code;
	const char *signal;
	struct opt_i64 signal_number;
	bool core_dumped;
	struct opt_u64 oom_kills;
	const char *message;
};

struct oci_state {
	const char *oci_version;
	const char *id;
	int status; /* enum oci_status */
	struct opt_i64 pid;
	const char *bundle;
	const char *rootfs;  /* runc, crun */
	const char *created; /* runc, crun: RFC 3339 */
	const char *owner;   /* runc */
	struct oci_strmap annotations;
	struct oci_exit *exit;    /* ours; NULL unless it has stopped */
	struct oci_array mounts;  /* struct spec_mount: added while it ran; ours */
	struct oci_array devices; /* struct spec_device: the same */
};
extern const struct field_type oci_state_type;

/* ---- features (features.md, features-linux.md) ---- */

struct feature_enabled {
	struct opt_bool enabled;
};

struct features_cgroup {
	struct opt_bool v1, v2, systemd, systemd_user, rdma;
};

struct features_seccomp {
	struct opt_bool enabled;
	struct oci_strings actions, operators, archs, known_flags, supported_flags;
};

struct features_intel_rdt {
	struct opt_bool enabled, schemata, monitoring;
};

struct features_memory_policy {
	struct oci_strings modes, flags;
};

struct features_mount_extensions {
	struct feature_enabled *idmap;
};

struct features_linux {
	struct oci_strings namespaces, capabilities;
	struct features_cgroup *cgroup;
	struct features_seccomp *seccomp;
	struct feature_enabled *apparmor, *selinux;
	struct features_intel_rdt *intel_rdt;
	struct features_memory_policy *memory_policy;
	struct features_mount_extensions *mount_extensions;
	struct feature_enabled *net_devices;
};

struct oci_features {
	const char *oci_version_min, *oci_version_max;
	struct oci_strings hooks, mount_options;
	struct features_linux *linux_;
	struct oci_strmap annotations;
	struct oci_strings potentially_unsafe_config_annotations;
};
extern const struct field_type oci_features_type;

#endif
