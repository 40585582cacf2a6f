/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: the state document (runtime.md "State"). */
#include "oci-spec/runtime_rows.h"

const struct field_words oci_status_words = {
	"status",
	(const char *const[]){ "creating", "created", "running", "stopped", "paused", NULL },
};

const struct field_words oci_exit_reason_words = {
	"reason",
	(const char *const[]){ "exited", "signal", "oom-kill", "seccomp", "start-failure",
			       "not-started", "unknown", NULL },
};

#define X(...) FIELD_ROW(struct oci_exit, __VA_ARGS__)
static const struct field exit_rows[] = {
	X(reason, "reason", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &oci_exit_reason_words),
	X(code, "exitCode", FIELD_I64, .min = 0, .max = 255),
	X(signal, "signal", FIELD_STRING),
	X(signal_number, "signalNumber", FIELD_I64, .min = 1, .max = 64),
	X(core_dumped, "coreDumped", FIELD_BOOL),
	X(oom_kills, "oomKills", FIELD_U64),
	X(message, "message", FIELD_STRING),
};
static const struct field_type oci_exit_type = FIELD_TYPE("exit", struct oci_exit, exit_rows);

#define S(...) FIELD_ROW(struct oci_state, __VA_ARGS__)
static const struct field rows[] = {
	S(oci_version, "ociVersion", FIELD_STRING, .bits = FIELD_REQUIRED),
	S(id, "id", FIELD_STRING, .bits = FIELD_REQUIRED),
	S(pid, "pid", FIELD_I64, .min = 0, .max = INT32_MAX),
	S(status, "status", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &oci_status_words),
	S(bundle, "bundle", FIELD_STRING, .bits = FIELD_REQUIRED),
	S(rootfs, "rootfs", FIELD_STRING),
	S(created, "created", FIELD_STRING),
	S(annotations, "annotations", FIELD_STRMAP),
	/* runc writes the empty owner too. */
	S(owner, "owner", FIELD_STRING, .bits = FIELD_KEEP_EMPTY),
	/* Ours: what was added while it ran. */
	S(mounts, "mounts", FIELD_OBJECTS, .type = &spec_mount_type),
	S(devices, "devices", FIELD_OBJECTS, .type = &spec_device_type),
	/* Ours: how it ended. */
	S(exit, "exit", FIELD_OBJECT, .type = &oci_exit_type),
};
const struct field_type oci_state_type = FIELD_TYPE("state", struct oci_state, rows);
