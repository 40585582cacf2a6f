/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/record/record.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/file.h"
#include "libutil/proc.h"
#include "libutil/sys.h"

#define ROW(name, kind_, member, bits_)                                                            \
	{                                                                                          \
		.key = (name), .kind = (kind_), .bits = (bits_),                                   \
		.offset = offsetof(struct record, member)                                          \
	}

static const struct field record_fields[] = {
	ROW("id", FIELD_STRING, id, FIELD_REQUIRED | FIELD_NONEMPTY),
	ROW("bundle", FIELD_STRING, bundle, FIELD_REQUIRED | FIELD_ABSOLUTE),
	ROW("runtime", FIELD_STRING, runtime, FIELD_REQUIRED | FIELD_ABSOLUTE),
	ROW("root", FIELD_STRING, root, FIELD_ABSOLUTE),
	ROW("runtimeArgs", FIELD_STRINGS, runtime_args, 0),
	ROW("logDriver", FIELD_STRING, log_driver, 0),
	ROW("logPath", FIELD_STRING, log_path, FIELD_ABSOLUTE),
	ROW("logMaxSize", FIELD_U64, log_max_size, 0),
	ROW("logMaxFiles", FIELD_U64, log_max_files, 0),
	ROW("logTag", FIELD_STRING, log_tag, 0),
	ROW("logLabels", FIELD_STRINGS, log_labels, 0),
	ROW("pidFile", FIELD_STRING, pid_file, FIELD_ABSOLUTE),
	ROW("created", FIELD_STRING, created, FIELD_REQUIRED),
	ROW("terminal", FIELD_BOOL, terminal, 0),
	ROW("interactive", FIELD_BOOL, interactive, 0),
	ROW("autoRemove", FIELD_BOOL, auto_remove, 0),
	ROW("restart", FIELD_STRING, restart, 0),
	ROW("stopSignal", FIELD_STRING, stop_signal, 0),
	ROW("started", FIELD_STRING, started, 0),
	ROW("restartCount", FIELD_U64, restart_count, 0),
	ROW("restarting", FIELD_BOOL, restarting, 0),
	ROW("lastExitCode", FIELD_I64, last_code, 0),
	ROW("lastExitedAt", FIELD_STRING, last_exited_at, 0),
	ROW("supervisorPid", FIELD_I64, supervisor.pid, 0),
	ROW("supervisorStart", FIELD_U64, supervisor.start, 0),
	ROW("containerPid", FIELD_I64, container.pid, 0),
	ROW("containerStart", FIELD_U64, container.start, 0),
};

static const struct field_type record_type = FIELD_TYPE("record", struct record, record_fields);

static int encode(const struct record *rec, struct strbuf *out, struct err *e)
{
	out->max = RECORD_STATE_MAX;
	oci_encode(&record_type, rec, 2, out);
	strbuf_addc(out, '\n');
	return strbuf_check(out, RECORD_STATE, e);
}

static int decode(const char *text, size_t len, struct arena *a, struct record **ret, struct err *e)
{
	void *rec = NULL;
	int r = oci_decode(&record_type, RECORD_STATE, text, len, NULL, a, &rec, e);

	if (r < 0)
		return r;
	*ret = rec;
	return 0;
}

int record_write(int dirfd, const struct record *rec, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	int r = encode(rec, &text, e);

	if (r < 0)
		return r;
	return file_replace_at(dirfd, RECORD_STATE, text.data, text.len, 0600, FILE_NO_SYNC, e);
}

int record_write_fd(int fd, const struct record *rec, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	int r = encode(rec, &text, e);

	if (r >= 0)
		r = file_write_all(fd, text.data, text.len, e);
	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? err_sys(e, "rewind the record") : 0;
}

int record_read_fd(int fd, struct arena *a, struct record **ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_fd(fd, RECORD_STATE, RECORD_STATE_MAX, &text, &len, e);

	return r < 0 ? r : decode(text, len, a, ret, e);
}

int record_read(int dirfd, struct arena *a, struct record **ret, struct err *e)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = file_read_at(dirfd, RECORD_STATE, RECORD_STATE_MAX, &text, &len, e);

	return r < 0 ? r : decode(text, len, a, ret, e);
}

void record_runtime(const struct record *rec, struct runtime *ret)
{
	*ret = (struct runtime){
		.path = rec->runtime,
		.root = rec->root,
		.args = rec->runtime_args,
	};
}

int record_proc_set(struct record_proc *p, pid_t pid, struct err *e)
{
	struct record_proc found = { .pid = { .set = true, .v = pid }, .start = { .set = true } };
	int r = proc_start_time(pid, &found.start.v, NULL, e);

	if (r < 0)
		return r;
	*p = found;
	return 0;
}

int record_proc_open(const struct record_proc *p, struct err *e)
{
	autofd int fd = -1;
	uint64_t start = 0;
	char state = 0;

	if (!p->pid.set || !p->start.set || p->pid.v < 1 || p->pid.v > INT_MAX)
		return -ESRCH;
	fd = sys_pidfd_open((pid_t)p->pid.v, 0);
	if (fd < 0)
		return errno == ESRCH ? -ESRCH : err_sys(e, "open process %d", (int)p->pid.v);
	/* The descriptor holds one process; that the pid's start time is still the noted one says
	 * it is the right one.  A zombie has ended, whoever still has to collect it. */
	if (proc_start_time((pid_t)p->pid.v, &start, &state, NULL) < 0 || start != p->start.v ||
	    state == 'Z')
		return -ESRCH;
	return steal_fd(&fd);
}
