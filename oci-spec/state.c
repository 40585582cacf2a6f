/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: the state document (runtime.md "State"). */
#include "oci-spec/runtime_spec.h"

const struct field_words oci_status_words = {
	"status",
	(const char *const[]){ "creating", "created", "running", "stopped", "paused", NULL },
};

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
};
const struct field_type oci_state_type = FIELD_TYPE("state", struct oci_state, rows);
