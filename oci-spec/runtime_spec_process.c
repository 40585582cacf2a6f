/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: process (config.md "Process", "POSIX process", "Linux Process"). */
#include "oci-spec/runtime_rows.h"

#define C(...) FIELD_ROW(struct spec_console_size, __VA_ARGS__)
static const struct field console_size_rows[] = {
	C(height, "height", FIELD_U64, .bits = FIELD_REQUIRED),
	C(width, "width", FIELD_U64, .bits = FIELD_REQUIRED),
};
static const struct field_type console_size_type =
	FIELD_TYPE("console size", struct spec_console_size, console_size_rows);

#define U(...) FIELD_ROW(struct spec_user, __VA_ARGS__)
static const struct field user_rows[] = {
	U(uid, "uid", FIELD_U64, ROW_ID),
	U(gid, "gid", FIELD_U64, ROW_ID),
	U(umask, "umask", FIELD_U64, ROW_U32),
	U(additional_gids, "additionalGids", FIELD_U32S, ROW_ID),
	U(username, "username", FIELD_STRING),
};
static const struct field_type user_type = FIELD_TYPE("user", struct spec_user, user_rows);

#define L(...) FIELD_ROW(struct spec_rlimit, __VA_ARGS__)
static const struct field rlimit_rows[] = {
	L(type, "type", FIELD_STRING, .bits = FIELD_REQUIRED),
	L(hard, "hard", FIELD_U64, .bits = FIELD_REQUIRED),
	L(soft, "soft", FIELD_U64, .bits = FIELD_REQUIRED),
};
static const struct field_type rlimit_type = FIELD_TYPE("rlimit", struct spec_rlimit, rlimit_rows);

#define CAP(...) FIELD_ROW(struct spec_capabilities, __VA_ARGS__, FIELD_STRINGS)
static const struct field capabilities_rows[] = {
	CAP(bounding, "bounding"),   CAP(effective, "effective"), CAP(inheritable, "inheritable"),
	CAP(permitted, "permitted"), CAP(ambient, "ambient"),
};
static const struct field_type capabilities_type =
	FIELD_TYPE("capabilities", struct spec_capabilities, capabilities_rows);

static const struct field_words sched_policy_words = {
	"scheduling policy",
	(const char *const[]){ "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO",
			       "SCHED_IDLE", "SCHED_DEADLINE", NULL },
};
static const struct field_words sched_flag_words = {
	"scheduling flag",
	(const char *const[]){ "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",
			       "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
			       "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
			       "SCHED_FLAG_UTIL_CLAMP_MAX", NULL },
};

#define S(...) FIELD_ROW(struct spec_scheduler, __VA_ARGS__)
static const struct field scheduler_rows[] = {
	S(policy, "policy", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &sched_policy_words),
	S(nice, "nice", FIELD_I64, ROW_I32),
	S(priority, "priority", FIELD_I64, ROW_I32),
	S(flags, "flags", FIELD_ENUMS, .words = &sched_flag_words),
	S(runtime, "runtime", FIELD_U64),
	S(deadline, "deadline", FIELD_U64),
	S(period, "period", FIELD_U64),
};
static const struct field_type scheduler_type =
	FIELD_TYPE("scheduler", struct spec_scheduler, scheduler_rows);

static const struct field_words io_class_words = {
	"I/O class",
	(const char *const[]){ "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE", NULL },
};

#define O(...) FIELD_ROW(struct spec_io_priority, __VA_ARGS__)
static const struct field io_priority_rows[] = {
	O(io_class, "class", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &io_class_words),
	O(priority, "priority", FIELD_I64, ROW_I32),
};
static const struct field_type io_priority_type =
	FIELD_TYPE("I/O priority", struct spec_io_priority, io_priority_rows);

#define A(...) FIELD_ROW(struct spec_exec_cpu_affinity, __VA_ARGS__)
static const struct field affinity_rows[] = {
	A(initial, "initial", FIELD_STRING),
	A(final, "final", FIELD_STRING),
};
static const struct field_type affinity_type =
	FIELD_TYPE("CPU affinity", struct spec_exec_cpu_affinity, affinity_rows);

#define P(...) FIELD_ROW(struct spec_process, __VA_ARGS__)
static const struct field process_rows[] = {
	P(terminal, "terminal", FIELD_BOOL),
	P(console_size, "consoleSize", FIELD_OBJECT, .type = &console_size_type),
	P(user, "user", FIELD_OBJECT, .type = &user_type),
	P(args, "args", FIELD_STRINGS),
	P(command_line, "commandLine", FIELD_STRING),
	P(env, "env", FIELD_STRINGS),
	P(cwd, "cwd", FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY | FIELD_ABSOLUTE),
	P(capabilities, "capabilities", FIELD_OBJECT, .type = &capabilities_type),
	P(rlimits, "rlimits", FIELD_OBJECTS, .type = &rlimit_type),
	P(no_new_privileges, "noNewPrivileges", FIELD_BOOL),
	P(apparmor_profile, "apparmorProfile", FIELD_STRING),
	P(oom_score_adj, "oomScoreAdj", FIELD_I64, .min = -1000, .max = 1000),
	P(scheduler, "scheduler", FIELD_OBJECT, .type = &scheduler_type),
	P(selinux_label, "selinuxLabel", FIELD_STRING),
	P(io_priority, "ioPriority", FIELD_OBJECT, .type = &io_priority_type),
	P(exec_cpu_affinity, "execCPUAffinity", FIELD_OBJECT, .type = &affinity_type),
};
const struct field_type spec_process_type =
	FIELD_TYPE("process", struct spec_process, process_rows);
