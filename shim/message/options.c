/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/message/options.h"

#define MESSAGE(text, name)                                                                        \
	const struct pb_message msg_##name##_message =                                             \
		PB_MESSAGE_TYPE(text, struct msg_##name, name##_rows)

#define R(member, number, ...) PB_FIELD(struct msg_runc_options, member, number, __VA_ARGS__)
static const struct pb_field runc_options_rows[] = {
	R(no_pivot_root, 1, PB_BOOL),
	R(no_new_keyring, 2, PB_BOOL),
	R(shim_cgroup, 3, PB_STRING),
	R(io_uid, 4, PB_UINT32),
	R(io_gid, 5, PB_UINT32),
	R(binary_name, 6, PB_STRING),
	R(root, 7, PB_STRING),
	R(criu_path, 8, PB_STRING),
	R(systemd_cgroup, 9, PB_BOOL),
	R(criu_image_path, 10, PB_STRING),
	R(criu_work_path, 11, PB_STRING),
	R(task_api_address, 12, PB_STRING),
	R(task_api_version, 13, PB_UINT32),
};
MESSAGE("containerd.runc.v1.Options", runc_options);

#define U(member, number, ...) PB_FIELD(struct msg_runtime_options, member, number, __VA_ARGS__)
static const struct pb_field runtime_options_rows[] = {
	U(type_url, 1, PB_STRING),
	U(config_path, 2, PB_STRING),
	U(config_body, 3, PB_BYTES),
};
MESSAGE("runtimeoptions.v1.Options", runtime_options);

#define L(member, number, ...) PB_FIELD(struct msg_linux_options, member, number, __VA_ARGS__)
static const struct pb_field linux_options_rows[] = {
	L(no_pivot_root, 1, PB_BOOL),      L(no_new_keyring, 8, PB_BOOL),
	L(shim_cgroup, 9, PB_STRING),      L(io_uid, 10, PB_UINT32),
	L(io_gid, 11, PB_UINT32),          L(criu_work_path, 12, PB_STRING),
	L(criu_image_path, 13, PB_STRING),
};
MESSAGE("containerd.linux.runc.CreateOptions", linux_options);

#define C(member, number, ...) PB_FIELD(struct msg_checkpoint_options, member, number, __VA_ARGS__)
static const struct pb_field checkpoint_options_rows[] = {
	C(exit, 1, PB_BOOL),
	C(open_tcp, 2, PB_BOOL),
	C(external_unix_sockets, 3, PB_BOOL),
	C(terminal, 4, PB_BOOL),
	C(file_locks, 5, PB_BOOL),
	C(empty_namespaces, 6, PB_STRING, .bits = PB_REPEATED),
	C(cgroups_mode, 7, PB_STRING),
	C(image_path, 8, PB_STRING),
	C(work_path, 9, PB_STRING),
};
MESSAGE("containerd.runc.v1.CheckpointOptions", checkpoint_options);

#define P(member, number, ...) PB_FIELD(struct msg_process_details, member, number, __VA_ARGS__)
static const struct pb_field process_details_rows[] = {
	P(exec_id, 1, PB_STRING),
};
MESSAGE("containerd.runc.v1.ProcessDetails", process_details);
