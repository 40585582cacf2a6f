/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/message/task.h"

#define MESSAGE(text, name)                                                                        \
	const struct pb_message msg_##name##_message =                                             \
		PB_MESSAGE_TYPE(text, struct msg_##name, name##_rows)
#define ANY  PB_MESSAGE, .type = &msg_any_message
#define TIME PB_MESSAGE, .type = &msg_timestamp_message

#define I(member, number, ...) PB_FIELD(struct msg_id_request, member, number, __VA_ARGS__)
static const struct pb_field id_request_rows[] = {
	I(id, 1, PB_STRING),
};
MESSAGE("request", id_request);

#define P(member, number, ...) PB_FIELD(struct msg_process_request, member, number, __VA_ARGS__)
static const struct pb_field process_request_rows[] = {
	P(id, 1, PB_STRING),
	P(exec_id, 2, PB_STRING),
};
MESSAGE("request", process_request);

#define C(member, number, ...) PB_FIELD(struct msg_create_request, member, number, __VA_ARGS__)
static const struct pb_field create_request_rows[] = {
	C(id, 1, PB_STRING),
	C(bundle, 2, PB_STRING),
	C(rootfs, 3, PB_MESSAGE, .bits = PB_REPEATED, .type = &msg_mount_message),
	C(terminal, 4, PB_BOOL),
	C(stdin_path, 5, PB_STRING),
	C(stdout_path, 6, PB_STRING),
	C(stderr_path, 7, PB_STRING),
	C(checkpoint, 8, PB_STRING),
	C(parent_checkpoint, 9, PB_STRING),
	C(options, 10, ANY),
};
MESSAGE("CreateTaskRequest", create_request);

#define E(member, number, ...) PB_FIELD(struct msg_exec_request, member, number, __VA_ARGS__)
static const struct pb_field exec_request_rows[] = {
	E(id, 1, PB_STRING),
	E(exec_id, 2, PB_STRING),
	E(terminal, 3, PB_BOOL),
	E(stdin_path, 4, PB_STRING),
	E(stdout_path, 5, PB_STRING),
	E(stderr_path, 6, PB_STRING),
	E(spec, 7, ANY),
};
MESSAGE("ExecProcessRequest", exec_request);

#define K(member, number, ...) PB_FIELD(struct msg_kill_request, member, number, __VA_ARGS__)
static const struct pb_field kill_request_rows[] = {
	K(id, 1, PB_STRING),
	K(exec_id, 2, PB_STRING),
	K(signal, 3, PB_UINT32),
	K(all, 4, PB_BOOL),
};
MESSAGE("KillRequest", kill_request);

#define Z(member, number, ...) PB_FIELD(struct msg_resize_request, member, number, __VA_ARGS__)
static const struct pb_field resize_request_rows[] = {
	Z(id, 1, PB_STRING),
	Z(exec_id, 2, PB_STRING),
	Z(width, 3, PB_UINT32),
	Z(height, 4, PB_UINT32),
};
MESSAGE("ResizePtyRequest", resize_request);

#define O(member, number, ...) PB_FIELD(struct msg_close_io_request, member, number, __VA_ARGS__)
static const struct pb_field close_io_request_rows[] = {
	O(id, 1, PB_STRING),
	O(exec_id, 2, PB_STRING),
	O(stdin_too, 3, PB_BOOL),
};
MESSAGE("CloseIORequest", close_io_request);

#define H(member, number, ...) PB_FIELD(struct msg_checkpoint_request, member, number, __VA_ARGS__)
static const struct pb_field checkpoint_request_rows[] = {
	H(id, 1, PB_STRING),
	H(path, 2, PB_STRING),
	H(options, 3, ANY),
};
MESSAGE("CheckpointTaskRequest", checkpoint_request);

#define U(member, number, ...) PB_FIELD(struct msg_update_request, member, number, __VA_ARGS__)
static const struct pb_field update_request_rows[] = {
	U(id, 1, PB_STRING),
	U(resources, 2, ANY),
	U(annotations, 3, PB_MESSAGE, .bits = PB_REPEATED, .type = &msg_pair_message),
};
MESSAGE("UpdateTaskRequest", update_request);

#define S(member, number, ...) PB_FIELD(struct msg_shutdown_request, member, number, __VA_ARGS__)
static const struct pb_field shutdown_request_rows[] = {
	S(id, 1, PB_STRING),
	S(now, 2, PB_BOOL),
};
MESSAGE("ShutdownRequest", shutdown_request);

#define R(member, number, ...) PB_FIELD(struct msg_pid_reply, member, number, __VA_ARGS__)
static const struct pb_field pid_reply_rows[] = {
	R(pid, 1, PB_UINT32),
};
MESSAGE("reply", pid_reply);

#define D(member, number, ...) PB_FIELD(struct msg_delete_reply, member, number, __VA_ARGS__)
static const struct pb_field delete_reply_rows[] = {
	D(pid, 1, PB_UINT32),
	D(exit_status, 2, PB_UINT32),
	D(exited_at, 3, TIME),
};
MESSAGE("DeleteResponse", delete_reply);

#define W(member, number, ...) PB_FIELD(struct msg_wait_reply, member, number, __VA_ARGS__)
static const struct pb_field wait_reply_rows[] = {
	W(exit_status, 1, PB_UINT32),
	W(exited_at, 2, TIME),
};
MESSAGE("WaitResponse", wait_reply);

#define T(member, number, ...) PB_FIELD(struct msg_state_reply, member, number, __VA_ARGS__)
static const struct pb_field state_reply_rows[] = {
	T(id, 1, PB_STRING),          T(bundle, 2, PB_STRING),     T(pid, 3, PB_UINT32),
	T(status, 4, PB_INT32),       T(stdin_path, 5, PB_STRING), T(stdout_path, 6, PB_STRING),
	T(stderr_path, 7, PB_STRING), T(terminal, 8, PB_BOOL),     T(exit_status, 9, PB_UINT32),
	T(exited_at, 10, TIME),       T(exec_id, 11, PB_STRING),
};
MESSAGE("StateResponse", state_reply);

#define N(member, number, ...) PB_FIELD(struct msg_process_info, member, number, __VA_ARGS__)
static const struct pb_field process_info_rows[] = {
	N(pid, 1, PB_UINT32),
	N(info, 2, ANY),
};
static const struct pb_message process_info_message =
	PB_MESSAGE_TYPE("ProcessInfo", struct msg_process_info, process_info_rows);

#define L(member, number, ...) PB_FIELD(struct msg_pids_reply, member, number, __VA_ARGS__)
static const struct pb_field pids_reply_rows[] = {
	L(processes, 1, PB_MESSAGE, .bits = PB_REPEATED, .type = &process_info_message),
};
MESSAGE("PidsResponse", pids_reply);

#define Q(member, number, ...) PB_FIELD(struct msg_stats_reply, member, number, __VA_ARGS__)
static const struct pb_field stats_reply_rows[] = {
	Q(stats, 1, ANY),
};
MESSAGE("StatsResponse", stats_reply);

#define V(member, number, ...) PB_FIELD(struct msg_connect_reply, member, number, __VA_ARGS__)
static const struct pb_field connect_reply_rows[] = {
	V(shim_pid, 1, PB_UINT32),
	V(task_pid, 2, PB_UINT32),
	V(version, 3, PB_STRING),
};
MESSAGE("ConnectResponse", connect_reply);
