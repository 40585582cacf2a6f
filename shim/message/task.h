/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd.task.v2.Task and containerd.task.v3.Task, whose messages are the
 * same: what a shim is asked and what it answers.
 */
#ifndef SHIM_MESSAGE_TASK_H
#define SHIM_MESSAGE_TASK_H

#include "shim/message/types.h"

#define MSG_TASK_V2 "containerd.task.v2.Task"
#define MSG_TASK_V3 "containerd.task.v3.Task"

/* Method, its request, its reply. */
#define MSG_TASK_METHODS(X)                                                                        \
	X(State, process_request, state_reply)                                                     \
	X(Create, create_request, pid_reply)                                                       \
	X(Start, process_request, pid_reply)                                                       \
	X(Delete, process_request, delete_reply)                                                   \
	X(Pids, id_request, pids_reply)                                                            \
	X(Pause, id_request, empty)                                                                \
	X(Resume, id_request, empty)                                                               \
	X(Checkpoint, checkpoint_request, empty)                                                   \
	X(Kill, kill_request, empty)                                                               \
	X(Exec, exec_request, empty)                                                               \
	X(ResizePty, resize_request, empty)                                                        \
	X(CloseIO, close_io_request, empty)                                                        \
	X(Update, update_request, empty)                                                           \
	X(Wait, process_request, wait_reply)                                                       \
	X(Stats, id_request, stats_reply)                                                          \
	X(Connect, id_request, connect_reply)                                                      \
	X(Shutdown, shutdown_request, empty)

/* containerd.v1.types.Status */
enum msg_task_status {
	MSG_TASK_UNKNOWN,
	MSG_TASK_CREATED,
	MSG_TASK_RUNNING,
	MSG_TASK_STOPPED,
	MSG_TASK_PAUSED,
	MSG_TASK_PAUSING,
};

struct msg_id_request {
	const char *id;
};

/* No exec_id, or "": the container's first process. */
struct msg_process_request {
	const char *id, *exec_id;
};

struct msg_create_request {
	const char *id, *bundle;
	struct pb_list rootfs; /* struct msg_mount */
	struct pb_number terminal;
	const char *stdin_path, *stdout_path, *stderr_path;
	const char *checkpoint, *parent_checkpoint;
	struct msg_any *options;
};

struct msg_exec_request {
	const char *id, *exec_id;
	struct pb_number terminal;
	const char *stdin_path, *stdout_path, *stderr_path;
	struct msg_any *spec; /* its value is JSON */
};

struct msg_kill_request {
	const char *id, *exec_id;
	struct pb_number signal, all;
};

struct msg_resize_request {
	const char *id, *exec_id;
	struct pb_number width, height;
};

struct msg_close_io_request {
	const char *id, *exec_id;
	struct pb_number stdin_too; /* the protocol's `stdin` */
};

struct msg_checkpoint_request {
	const char *id, *path;
	struct msg_any *options;
};

struct msg_update_request {
	const char *id;
	struct msg_any *resources;  /* its value is JSON */
	struct pb_list annotations; /* struct msg_pair */
};

struct msg_shutdown_request {
	const char *id;
	struct pb_number now;
};

struct msg_pid_reply {
	struct pb_number pid;
};

struct msg_delete_reply {
	struct pb_number pid, exit_status;
	struct msg_timestamp *exited_at;
};

struct msg_wait_reply {
	struct pb_number exit_status;
	struct msg_timestamp *exited_at;
};

struct msg_state_reply {
	const char *id, *bundle;
	struct pb_number pid, status;
	const char *stdin_path, *stdout_path, *stderr_path;
	struct pb_number terminal, exit_status;
	struct msg_timestamp *exited_at;
	const char *exec_id;
};

struct msg_process_info {
	struct pb_number pid;
	struct msg_any *info;
};

struct msg_pids_reply {
	struct pb_list processes; /* struct msg_process_info */
};

struct msg_stats_reply {
	struct msg_any *stats;
};

struct msg_connect_reply {
	struct pb_number shim_pid, task_pid;
	const char *version;
};

extern const struct pb_message msg_id_request_message;
extern const struct pb_message msg_process_request_message;
extern const struct pb_message msg_create_request_message;
extern const struct pb_message msg_exec_request_message;
extern const struct pb_message msg_kill_request_message;
extern const struct pb_message msg_resize_request_message;
extern const struct pb_message msg_close_io_request_message;
extern const struct pb_message msg_checkpoint_request_message;
extern const struct pb_message msg_update_request_message;
extern const struct pb_message msg_shutdown_request_message;
extern const struct pb_message msg_pid_reply_message;
extern const struct pb_message msg_delete_reply_message;
extern const struct pb_message msg_wait_reply_message;
extern const struct pb_message msg_state_reply_message;
extern const struct pb_message msg_pids_reply_message;
extern const struct pb_message msg_stats_reply_message;
extern const struct pb_message msg_connect_reply_message;

#endif
