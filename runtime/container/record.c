/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/record.h"

#include <errno.h>
#include <limits.h>

#include "oci-spec/runtime_rows.h"

static const char *const phase_names[] = { "creating", "made", NULL };
static const struct field_words phase_words = { "phase", phase_names };

#define ROW(name, member, what, ...) FIELD_ROW(struct record, member, name, what, __VA_ARGS__)

#define R(name, member, what, ...) FIELD_ROW(struct record_rdt, member, name, what, __VA_ARGS__)
static const struct field rdt_rows[] = {
	R("root", root, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_ABSOLUTE),
	R("group", group, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	R("made", made, FIELD_BOOL),
	R("monitor", monitor, FIELD_BOOL),
};
static const struct field_type rdt_type = FIELD_TYPE("resctrl", struct record_rdt, rdt_rows);

static const struct field record_rows[] = {
	ROW("id", id, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	ROW("phase", phase, FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &phase_words),
	ROW("pid", pid, FIELD_I64, .min = 1, .max = INT_MAX),
	ROW("startTime", start_time, FIELD_U64),
	ROW("pidfdInode", pidfd_inode, FIELD_U64),
	ROW("created", created, FIELD_STRING, .bits = FIELD_REQUIRED),
	ROW("bundle", bundle, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_ABSOLUTE),
	ROW("rootfs", rootfs, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_ABSOLUTE),
	ROW("rootless", rootless, FIELD_BOOL),
	ROW("inTimeNamespace", in_timens, FIELD_BOOL),
	ROW("gateless", gateless, FIELD_BOOL),
	ROW("ownPidNamespace", own_pidns, FIELD_BOOL),
	ROW("poststartHooks", has_poststart, FIELD_BOOL),
	ROW("poststopHooks", has_poststop, FIELD_BOOL),
	ROW("annotations", annotations, FIELD_STRMAP),
	ROW("resctrl", rdt, FIELD_OBJECT, .type = &rdt_type),
	ROW("mounts", mounts, FIELD_OBJECTS, .type = &spec_mount_type),
	ROW("devices", devices, FIELD_OBJECTS, .type = &spec_device_type),
};

static const struct field_type record_type =
	FIELD_TYPE("container record", struct record, record_rows);

struct state_file {
	struct record *record;
	const struct cgroup_record *cgroup;
};

static const struct field file_rows[] = {
	FIELD_ROW(struct state_file, record, "container", FIELD_OBJECT, .bits = FIELD_REQUIRED,
		  .type = &record_type),
	FIELD_ROW(struct state_file, cgroup, "cgroup", FIELD_OBJECT, .type = &cgroup_record_type),
};

static const struct field_type file_type =
	FIELD_TYPE("container state", struct state_file, file_rows);

int record_decode(const char *name, const char *text, size_t len, struct arena *a,
		  struct record **ret, struct err *e)
{
	struct decode_opts opts = { 0 };
	void *decoded = NULL;
	const struct state_file *file;
	struct record *rec;
	int r = oci_decode(&file_type, name, text, len, &opts, a, &decoded, e);

	if (r < 0)
		return r;
	file = decoded;
	rec = file->record;
	if (rec->phase == RECORD_MADE && !(rec->pid.set && rec->start_time.set))
		return err_set(e, EBADMSG, "%s: a made container has no pid or startTime", name);
	/* Removed by this name. */
	if (rec->rdt && (strchr(rec->rdt->group, '/') || streq(rec->rdt->group, "..")))
		return err_set(e, EBADMSG, "%s: container.resctrl.group: no group", name);
	rec->cgroup = file->cgroup;
	*ret = rec;
	return 0;
}

/* In one line: what every verb reads first is to be read quickly. */
void record_encode(const struct record *rec, const struct cgroup *cgroup, struct strbuf *out)
{
	auto_(arena) struct arena a = { 0 };
	struct record copy = *rec;
	struct cgroup_record group;
	struct state_file file = { .record = &copy };

	if (cgroup) {
		cgroup_to_record(cgroup, &a, &group);
		file.cgroup = &group;
	}
	oci_encode(&file_type, &file, 0, out);
	strbuf_addc(out, '\n');
}
