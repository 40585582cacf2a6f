/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ending/ending.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>

#include "libutil/file.h"
#include "libutil/proc.h"
#include "libutil/sig.h"
#include "runtime/cgroup/oom.h"

/* exit.json.  Others may write it: what is new in a later version is ignored. */
struct ending_file {
	struct opt_i64 status;
	const char *failure;
};

static const struct field file_rows[] = {
	FIELD_ROW(struct ending_file, status, "waitStatus", FIELD_I64, .min = 0, .max = 0xffff),
	FIELD_ROW(struct ending_file, failure, "error", FIELD_STRING),
};

static const struct field_type file_type = FIELD_TYPE("exit status", struct ending_file, file_rows);

int ending_parse(const char *text, size_t len, struct arena *a, struct ending_facts *ret,
		 struct err *e)
{
	struct decode_opts opts = { 0 };
	void *object = NULL;
	const struct ending_file *file;
	int r = oci_decode(&file_type, ENDING_FILE, text, len, &opts, a, &object, e);

	if (r < 0)
		return r;
	file = object;
	if (file->status.set && !WIFEXITED((int)file->status.v) &&
	    !WIFSIGNALED((int)file->status.v))
		return err_set(e, EINVAL, "%s: waitStatus: %" PRId64 " is that of no ended process",
			       ENDING_FILE, file->status.v);
	ret->known = file->status.set;
	ret->status = (int)file->status.v;
	ret->failure = file->failure;
	return 0;
}

int ending_keep(int dirfd, const int *status, const char *failure, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = ENDING_MAX };
	struct ending_file file = { .failure = failure };
	int r;

	if (status)
		file.status = (struct opt_i64){ .set = true, .v = *status };
	oci_encode(&file_type, &file, 0, &text);
	r = strbuf_check(&text, ENDING_FILE, e);
	return r < 0 ? r
		     : file_replace_at(dirfd, ENDING_FILE, text.data, text.len, 0600, FILE_NO_SYNC,
				       e);
}

/* ---- Deciding ---- */

static enum oci_exit_reason reason_of(const struct ending_facts *f)
{
	if (f->failure)
		return OCI_EXIT_START_FAILURE;
	if (f->never_started)
		return OCI_EXIT_NOT_STARTED;
	if (!f->known)
		return OCI_EXIT_UNKNOWN;
	if (WIFEXITED(f->status))
		return OCI_EXIT_EXITED;
	if (WTERMSIG(f->status) == SIGKILL && f->oom_kills > 0)
		return OCI_EXIT_OOM_KILL;
	if (WTERMSIG(f->status) == SIGSYS && f->filtered)
		return OCI_EXIT_SECCOMP;
	return OCI_EXIT_SIGNAL;
}

void ending_decide(const struct ending_facts *f, struct oci_exit *ret)
{
	*ret = (struct oci_exit){ .reason = reason_of(f), .message = f->failure };
	if (f->known && WIFEXITED(f->status))
		ret->code = (struct opt_i64){ .set = true, .v = WEXITSTATUS(f->status) };
	if (f->known && WIFSIGNALED(f->status)) {
		ret->signal = sig_name(WTERMSIG(f->status));
		ret->signal_number = (struct opt_i64){ .set = true, .v = WTERMSIG(f->status) };
		ret->core_dumped = WCOREDUMP(f->status);
	}
	if (f->oom_kills > 0)
		ret->oom_kills = (struct opt_u64){ .set = true, .v = f->oom_kills };
}

/* ---- Finding ---- */

static void read_file(const struct container *c, struct arena *a, struct ending_facts *f)
{
	autofree char *text = NULL;
	size_t len = 0;

	if (file_read_at(c->dirfd, ENDING_FILE, ENDING_MAX, &text, &len, NULL) >= 0)
		(void)ending_parse(text, len, a, f, NULL);
}

static void ask_kernel(const struct container *c, struct ending_facts *f)
{
	const struct record *rec = c->record;

	if (f->known || rec->phase != RECORD_MADE)
		return;
	f->known = proc_zombie_status((pid_t)rec->pid.v, rec->start_time.v, &f->status) ||
		   (c->endedfd >= 0 && proc_pidfd_status(c->endedfd, &f->status));
}

void ending_note(const struct container *c)
{
	struct ending_facts f = { 0 };

	ask_kernel(c, &f);
	if (f.known)
		(void)ending_keep(c->dirfd, &f.status, NULL, NULL);
}

/* Only a death by SIGSYS is worth reading the configuration again. */
static bool has_filter(struct container *c, const struct ending_facts *f)
{
	struct runtime_spec *spec = NULL;

	return f->known && WIFSIGNALED(f->status) && WTERMSIG(f->status) == SIGSYS &&
	       container_spec(c, &spec, NULL) >= 0 && spec->linux_ && spec->linux_->seccomp;
}

void ending_find(struct container *c, struct oci_exit *ret)
{
	struct ending_facts f = {
		.never_started = c->record->phase != RECORD_MADE ||
				 faccessat(c->dirfd, STORE_GATE, F_OK, AT_SYMLINK_NOFOLLOW) == 0,
	};

	read_file(c, &c->arena, &f);
	ask_kernel(c, &f);
	if (c->cgroup)
		f.oom_kills = oom_kills(c->cgroup);
	f.filtered = has_filter(c, &f);
	ending_decide(&f, ret);
}
