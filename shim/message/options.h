/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containerd and its clients say about the runtime: options of Create,
 * Checkpoint and Pids, as messages inside an Any.
 */
#ifndef SHIM_MESSAGE_OPTIONS_H
#define SHIM_MESSAGE_OPTIONS_H

#include "shim/message/types.h"

#define MSG_RUNC_OPTIONS       "containerd.runc.v1.Options"
#define MSG_CHECKPOINT_OPTIONS "containerd.runc.v1.CheckpointOptions"
#define MSG_PROCESS_DETAILS    "containerd.runc.v1.ProcessDetails"
/* What clients send for a runtime whose name they do not know. */
#define MSG_RUNTIME_OPTIONS "runtimeoptions.v1.Options"
#define MSG_LINUX_OPTIONS   "containerd.linux.runc.CreateOptions"
/* JSON documents in an Any. */
#define MSG_SPEC_PROCESS   "types.containerd.io/opencontainers/runtime-spec/1/Process"
#define MSG_SPEC_RESOURCES "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"

struct msg_runc_options {
	struct pb_number no_pivot_root, no_new_keyring;
	const char *shim_cgroup;
	struct pb_number io_uid, io_gid;
	const char *binary_name, *root, *criu_path;
	struct pb_number systemd_cgroup;
	const char *criu_image_path, *criu_work_path, *task_api_address;
	struct pb_number task_api_version;
};

struct msg_runtime_options {
	const char *type_url, *config_path;
	struct pb_bytes config_body; /* TOML */
};

/* Of containerd's first shim; the members that have a meaning still. */
struct msg_linux_options {
	struct pb_number no_pivot_root;
	struct pb_number no_new_keyring;
	const char *shim_cgroup;
	struct pb_number io_uid, io_gid;
	const char *criu_work_path, *criu_image_path;
};

struct msg_checkpoint_options {
	struct pb_number exit, open_tcp, external_unix_sockets, terminal, file_locks;
	struct pb_list empty_namespaces; /* const char * */
	const char *cgroups_mode, *image_path, *work_path;
};

struct msg_process_details {
	const char *exec_id;
};

extern const struct pb_message msg_runc_options_message;
extern const struct pb_message msg_runtime_options_message;
extern const struct pb_message msg_linux_options_message;
extern const struct pb_message msg_checkpoint_options_message;
extern const struct pb_message msg_process_details_message;

#endif
