/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/message/bootstrap.h"

#define X(member, number, ...) PB_FIELD(struct msg_extension, member, number, __VA_ARGS__)
static const struct pb_field extension_rows[] = {
	X(value, 1, PB_MESSAGE, .type = &msg_any_message),
};
static const struct pb_message extension_message =
	PB_MESSAGE_TYPE("Extension", struct msg_extension, extension_rows);

#define B(member, number, ...) PB_FIELD(struct msg_bootstrap_params, member, number, __VA_ARGS__)
static const struct pb_field bootstrap_params_rows[] = {
	B(instance_id, 1, PB_STRING),
	B(namespace_name, 2, PB_STRING),
	B(log_level, 3, PB_INT32),
	B(containerd_version, 4, PB_STRING),
	B(ttrpc_address, 5, PB_STRING),
	B(grpc_address, 6, PB_STRING),
	B(containerd_binary, 7, PB_STRING),
	B(extensions, 8, PB_MESSAGE, .bits = PB_REPEATED, .type = &extension_message),
	B(socket_dir, 9, PB_STRING),
};
const struct pb_message msg_bootstrap_params_message =
	PB_MESSAGE_TYPE("BootstrapParams", struct msg_bootstrap_params, bootstrap_params_rows);

#define R(member, number, ...) PB_FIELD(struct msg_bootstrap_result, member, number, __VA_ARGS__)
static const struct pb_field bootstrap_result_rows[] = {
	R(version, 1, PB_INT32),
	R(address, 2, PB_STRING),
	R(protocol, 3, PB_STRING),
};
const struct pb_message msg_bootstrap_result_message =
	PB_MESSAGE_TYPE("BootstrapResult", struct msg_bootstrap_result, bootstrap_result_rows);

#define V(member, number, ...) PB_FIELD(struct msg_runtime_version, member, number, __VA_ARGS__)
static const struct pb_field runtime_version_rows[] = {
	V(version, 1, PB_STRING),
	V(revision, 2, PB_STRING),
};
static const struct pb_message runtime_version_message =
	PB_MESSAGE_TYPE("RuntimeVersion", struct msg_runtime_version, runtime_version_rows);

#define I(member, number, ...) PB_FIELD(struct msg_runtime_info, member, number, __VA_ARGS__)
static const struct pb_field runtime_info_rows[] = {
	I(name, 1, PB_STRING),
	I(version, 2, PB_MESSAGE, .type = &runtime_version_message),
	I(options, 3, PB_MESSAGE, .type = &msg_any_message),
	I(features, 4, PB_MESSAGE, .type = &msg_any_message),
	I(annotations, 5, PB_MESSAGE, .bits = PB_REPEATED, .type = &msg_pair_message),
};
const struct pb_message msg_runtime_info_message =
	PB_MESSAGE_TYPE("RuntimeInfo", struct msg_runtime_info, runtime_info_rows);
