/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: linux.seccomp (config-linux.md "Seccomp"). */
#include "oci-spec/runtime_rows.h"

const struct field_words oci_seccomp_action_words = {
	"seccomp action",
	(const char *const[]){ "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
			       "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE",
			       "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", NULL },
};
const struct field_words oci_seccomp_op_words = {
	"seccomp operator",
	(const char *const[]){ "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ",
			       "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL },
};
const struct field_words oci_seccomp_flag_words = {
	"seccomp flag",
	(const char *const[]){ "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
			       "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
			       "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL },
};

#define A(...) FIELD_ROW(struct spec_seccomp_arg, __VA_ARGS__)
static const struct field arg_rows[] = {
	A(index, "index", FIELD_U64, .bits = FIELD_REQUIRED, ROW_U32),
	A(value, "value", FIELD_U64, .bits = FIELD_REQUIRED),
	A(value_two, "valueTwo", FIELD_U64),
	A(op, "op", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &oci_seccomp_op_words),
};
static const struct field_type arg_type =
	FIELD_TYPE("seccomp argument", struct spec_seccomp_arg, arg_rows);

#define R(...) FIELD_ROW(struct spec_seccomp_rule, __VA_ARGS__)
static const struct field rule_rows[] = {
	R(names, "names", FIELD_STRINGS, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	R(action, "action", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &oci_seccomp_action_words),
	R(errno_ret, "errnoRet", FIELD_U64, ROW_U32),
	R(args, "args", FIELD_OBJECTS, .type = &arg_type),
};
static const struct field_type rule_type =
	FIELD_TYPE("seccomp rule", struct spec_seccomp_rule, rule_rows);

#define S(...) FIELD_ROW(struct spec_seccomp, __VA_ARGS__)
static const struct field seccomp_rows[] = {
	S(default_action, "defaultAction", FIELD_ENUM, .bits = FIELD_REQUIRED,
	  .words = &oci_seccomp_action_words),
	S(default_errno_ret, "defaultErrnoRet", FIELD_U64, ROW_U32),
	S(architectures, "architectures", FIELD_STRINGS),
	S(flags, "flags", FIELD_ENUMS, .words = &oci_seccomp_flag_words),
	S(listener_path, "listenerPath", FIELD_STRING),
	S(listener_metadata, "listenerMetadata", FIELD_STRING),
	S(syscalls, "syscalls", FIELD_OBJECTS, .type = &rule_type),
};
const struct field_type spec_seccomp_type =
	FIELD_TYPE("seccomp", struct spec_seccomp, seccomp_rows);
