/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/message/events.h"

#define MESSAGE(text, name)                                                                        \
	static const struct pb_message name##_message =                                            \
		PB_MESSAGE_TYPE(text, struct msg_##name, name##_rows)
#define TIME PB_MESSAGE, .type = &msg_timestamp_message

#define O(member, number, ...) PB_FIELD(struct msg_task_io, member, number, __VA_ARGS__)
static const struct pb_field task_io_rows[] = {
	O(stdin_path, 1, PB_STRING),
	O(stdout_path, 2, PB_STRING),
	O(stderr_path, 3, PB_STRING),
	O(terminal, 4, PB_BOOL),
};
MESSAGE("TaskIO", task_io);

#define C(member, number, ...) PB_FIELD(struct msg_event_create, member, number, __VA_ARGS__)
static const struct pb_field event_create_rows[] = {
	C(container_id, 1, PB_STRING),
	C(bundle, 2, PB_STRING),
	C(rootfs, 3, PB_MESSAGE, .bits = PB_REPEATED, .type = &msg_mount_message),
	C(io, 4, PB_MESSAGE, .type = &task_io_message),
	C(checkpoint, 5, PB_STRING),
	C(pid, 6, PB_UINT32),
};
MESSAGE("TaskCreate", event_create);

#define P(member, number, ...) PB_FIELD(struct msg_event_pid, member, number, __VA_ARGS__)
static const struct pb_field event_pid_rows[] = {
	P(container_id, 1, PB_STRING),
	P(pid, 2, PB_UINT32),
};
MESSAGE("TaskStart", event_pid);

#define X(member, number, ...) PB_FIELD(struct msg_event_exit, member, number, __VA_ARGS__)
static const struct pb_field event_exit_rows[] = {
	X(container_id, 1, PB_STRING), X(id, 2, PB_STRING),   X(pid, 3, PB_UINT32),
	X(exit_status, 4, PB_UINT32),  X(exited_at, 5, TIME),
};
#undef X
MESSAGE("TaskExit", event_exit);

#define D(member, number, ...) PB_FIELD(struct msg_event_delete, member, number, __VA_ARGS__)
static const struct pb_field event_delete_rows[] = {
	D(container_id, 1, PB_STRING), D(pid, 2, PB_UINT32), D(exit_status, 3, PB_UINT32),
	D(exited_at, 4, TIME),         D(id, 5, PB_STRING),
};
MESSAGE("TaskDelete", event_delete);

#define E(member, number, ...) PB_FIELD(struct msg_event_exec, member, number, __VA_ARGS__)
static const struct pb_field event_exec_rows[] = {
	E(container_id, 1, PB_STRING),
	E(exec_id, 2, PB_STRING),
	E(pid, 3, PB_UINT32),
};
MESSAGE("TaskExecStarted", event_exec);

#define I(member, number, ...) PB_FIELD(struct msg_event_id, member, number, __VA_ARGS__)
static const struct pb_field event_id_rows[] = {
	I(container_id, 1, PB_STRING),
};
MESSAGE("event", event_id);

#define H(member, number, ...) PB_FIELD(struct msg_event_checkpoint, member, number, __VA_ARGS__)
static const struct pb_field event_checkpoint_rows[] = {
	H(container_id, 1, PB_STRING),
	H(checkpoint, 2, PB_STRING),
};
MESSAGE("TaskCheckpointed", event_checkpoint);

#define V(member, number, ...) PB_FIELD(struct msg_envelope, member, number, __VA_ARGS__)
static const struct pb_field envelope_rows[] = {
	V(timestamp, 1, TIME),
	V(namespace_name, 2, PB_STRING),
	V(topic, 3, PB_STRING),
	V(event, 4, PB_MESSAGE, .type = &msg_any_message),
};
MESSAGE("Envelope", envelope);

#define F(member, number, ...) PB_FIELD(struct msg_forward_request, member, number, __VA_ARGS__)
static const struct pb_field forward_request_rows[] = {
	F(envelope, 1, PB_MESSAGE, .type = &envelope_message),
};
const struct pb_message msg_forward_request_message =
	PB_MESSAGE_TYPE("ForwardRequest", struct msg_forward_request, forward_request_rows);

#define X(name, path, url, type)                                                                   \
	[MSG_EVENT_##name] = { .topic = path, .type_url = url, .message = &type##_message },
const struct msg_event_kind msg_event_kinds[MSG_EVENT_COUNT] = { MSG_EVENTS(X) };
#undef X
