/* SPDX-License-Identifier: Apache-2.0 */
/* containerd.events: what a shim tells of its containers, and the envelope it travels in. */
#ifndef SHIM_MESSAGE_EVENTS_H
#define SHIM_MESSAGE_EVENTS_H

#include "shim/message/types.h"

#define MSG_EVENTS_SERVICE "containerd.services.events.ttrpc.v1.Events"
#define MSG_EVENTS_METHOD  "Forward"

/* Topic, name of the message, its struct msg_event_X. */
#define MSG_EVENTS(X)                                                                              \
	X(CREATE, "/tasks/create", "containerd.events.TaskCreate", event_create)                   \
	X(START, "/tasks/start", "containerd.events.TaskStart", event_pid)                         \
	X(EXIT, "/tasks/exit", "containerd.events.TaskExit", event_exit)                           \
	X(DELETE, "/tasks/delete", "containerd.events.TaskDelete", event_delete)                   \
	X(EXEC_ADDED, "/tasks/exec-added", "containerd.events.TaskExecAdded", event_exec)          \
	X(EXEC_STARTED, "/tasks/exec-started", "containerd.events.TaskExecStarted", event_exec)    \
	X(OOM, "/tasks/oom", "containerd.events.TaskOOM", event_id)                                \
	X(PAUSED, "/tasks/paused", "containerd.events.TaskPaused", event_id)                       \
	X(RESUMED, "/tasks/resumed", "containerd.events.TaskResumed", event_id)                    \
	X(CHECKPOINTED, "/tasks/checkpointed", "containerd.events.TaskCheckpointed",               \
	  event_checkpoint)

#define X(name, topic, message, type) MSG_EVENT_##name,
enum msg_event { MSG_EVENTS(X) MSG_EVENT_COUNT };
#undef X

struct msg_event_kind {
	const char *topic, *type_url;
	const struct pb_message *message;
};

extern const struct msg_event_kind msg_event_kinds[MSG_EVENT_COUNT];

struct msg_task_io {
	const char *stdin_path, *stdout_path, *stderr_path;
	struct pb_number terminal;
};

struct msg_event_create {
	const char *container_id, *bundle;
	struct pb_list rootfs; /* struct msg_mount */
	struct msg_task_io *io;
	const char *checkpoint;
	struct pb_number pid;
};

struct msg_event_pid {
	const char *container_id;
	struct pb_number pid;
};

struct msg_event_exit {
	const char *container_id, *id; /* of the process: an exec's, or the container's */
	struct pb_number pid, exit_status;
	struct msg_timestamp *exited_at;
};

struct msg_event_delete {
	const char *container_id;
	struct pb_number pid, exit_status;
	struct msg_timestamp *exited_at;
	const char *id;
};

/* exec-added has no pid. */
struct msg_event_exec {
	const char *container_id, *exec_id;
	struct pb_number pid;
};

struct msg_event_id {
	const char *container_id;
};

struct msg_event_checkpoint {
	const char *container_id, *checkpoint;
};

struct msg_envelope {
	struct msg_timestamp *timestamp;
	const char *namespace_name, *topic;
	struct msg_any *event;
};

struct msg_forward_request {
	struct msg_envelope *envelope;
};

extern const struct pb_message msg_forward_request_message;

#endif
