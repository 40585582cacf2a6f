/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/record.h"

#include <errno.h>
#include <limits.h>

#include "oci-spec/runtime_rows.h"

static const char *const phase_names[] = { "creating", "made", NULL };
static const struct field_words phase_words = { "phase", phase_names };

#define ROW(name, member, what, ...) FIELD_ROW(struct record, member, name, what, __VA_ARGS__)

static const struct field record_rows[] = {
	ROW("id", id, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_NONEMPTY),
	ROW("phase", phase, FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &phase_words),
	ROW("pid", pid, FIELD_I64, .min = 1, .max = INT_MAX),
	ROW("startTime", start_time, FIELD_U64),
	ROW("created", created, FIELD_STRING, .bits = FIELD_REQUIRED),
	ROW("bundle", bundle, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_ABSOLUTE),
	ROW("rootfs", rootfs, FIELD_STRING, .bits = FIELD_REQUIRED | FIELD_ABSOLUTE),
	ROW("rootless", rootless, FIELD_BOOL),
	ROW("inTimeNamespace", in_timens, FIELD_BOOL),
	ROW("ownPidNamespace", own_pidns, FIELD_BOOL),
	ROW("poststartHooks", has_poststart, FIELD_BOOL),
	ROW("poststopHooks", has_poststop, FIELD_BOOL),
	ROW("annotations", annotations, FIELD_STRMAP),
	ROW("mounts", mounts, FIELD_OBJECTS, .type = &spec_mount_type),
	ROW("devices", devices, FIELD_OBJECTS, .type = &spec_device_type),
};

static const struct field_type record_type =
	FIELD_TYPE("container record", struct record, record_rows);

/* The file: the record, and beside it what the cgroup room wrote for itself. */
struct state_file {
	struct record *record;
};

static const struct field file_rows[] = {
	FIELD_ROW(struct state_file, record, "container", FIELD_OBJECT, .bits = FIELD_REQUIRED,
		  .type = &record_type),
	FIELD_ROW_IGNORED("cgroup"),
};

static const struct field_type file_type =
	FIELD_TYPE("container state", struct state_file, file_rows);

int record_decode(const char *name, const char *text, size_t len, struct arena *a,
		  struct record **ret, struct err *e)
{
	struct decode_opts opts = { 0 };
	struct json *tree = NULL;
	void *file = NULL;
	struct record *rec;
	int r = oci_decode(&file_type, name, text, len, &opts, a, &file, e);

	if (r >= 0)
		r = json_parse(name, text, len, a, &tree, e);
	if (r < 0)
		return r;
	rec = ((struct state_file *)file)->record;
	if (rec->phase == RECORD_MADE && !(rec->pid.set && rec->start_time.set))
		return err_set(e, EBADMSG, "%s: a made container has no pid or startTime", name);
	rec->cgroup = json_get(tree, "cgroup");
	*ret = rec;
	return 0;
}

void record_encode(const struct record *rec, const struct cgroup *cgroup, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	json_object(&w);
	json_key(&w, "container");
	oci_encode_value(&record_type, rec, &w);
	if (cgroup) {
		json_key(&w, "cgroup");
		cgroup_encode(cgroup, &w);
	}
	json_object_end(&w);
	strbuf_addc(out, '\n');
}
