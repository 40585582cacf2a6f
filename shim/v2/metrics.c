/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/metrics.h"

#include <string.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "shim/cgroup/find.h"
#include "shim/cgroup/group_file.h"

#define METRICS_MAX ((size_t)4 << 20)

/* ---- rdma ---- */

static const struct group_key rdma_keys[] = {
	{ "hca_handle", offsetof(struct msg_rdma_entry, hca_handles) },
	{ "hca_object", offsetof(struct msg_rdma_entry, hca_objects) },
};

static void read_rdma_list(int dir, const char *file, struct arena *a, struct pb_list *ret)
{
	char *text = group_text(dir, file, a);

	for (char *line; text && (line = group_next_line(&text));) {
		const char *device = group_next_word(&line);
		struct msg_rdma_entry *entry;

		if (!device)
			continue;
		entry = group_append(ret, sizeof(*entry), a);
		entry->device = device;
		group_pairs(line, rdma_keys, ARRAY_LEN(rdma_keys), entry);
	}
}

struct msg_rdma *metrics_read_rdma(int dir, struct arena *a)
{
	struct msg_rdma *rdma = arena_alloc(a, 1, sizeof(*rdma));

	read_rdma_list(dir, "rdma.current", a, &rdma->current);
	read_rdma_list(dir, "rdma.max", a, &rdma->limit);
	return rdma->current.n || rdma->limit.n ? rdma : NULL;
}

/* ---- hugetlb ---- */

const char *metrics_page_size(const char *name, const char *suffix, struct arena *a)
{
	static const char prefix[] = "hugetlb.";
	const char *size = name + strlen(prefix);
	const char *end = starts_with(name, prefix) ? strchr(size, '.') : NULL;

	/* Not "hugetlb.2MB.rsvd.current". */
	return end && streq(end, suffix) ? arena_strndup(a, size, (size_t)(end - size)) : NULL;
}

/* ---- which version ---- */

static void encode_v2(int dir, struct strbuf *out)
{
	auto_(arena) struct arena a = { 0 };
	struct msg_metrics_v2 m = { 0 };

	metrics_read_v2(dir, &a, &m);
	pb_encode(&msg_metrics_v2_message, &m, out);
}

static void close_all(int dirs[V1_CONTROLLER_COUNT])
{
	for (int i = 0; i < V1_CONTROLLER_COUNT; i++)
		if (dirs[i] >= 0)
			(void)close(dirs[i]);
}

/* Returns how many are there: those of v1 only. */
static int open_v1(const char *proc_cgroup, int dirs[V1_CONTROLLER_COUNT])
{
#define X(name) #name,
	static const char *const names[] = { V1_CONTROLLERS(X) };
#undef X
	int n = 0;

	for (int i = 0; i < V1_CONTROLLER_COUNT; i++) {
		bool v2 = false;

		dirs[i] = cgroup_open_of(proc_cgroup, names[i], &v2, NULL);
		if (dirs[i] >= 0 && v2) {
			(void)close(dirs[i]);
			dirs[i] = -1;
		}
		n += dirs[i] >= 0;
	}
	return n;
}

static void encode_v1(const int dirs[V1_CONTROLLER_COUNT], struct strbuf *out)
{
	auto_(arena) struct arena a = { 0 };
	struct msg_metrics_v1 m = { 0 };

	metrics_read_v1(dirs, &a, &m);
	pb_encode(&msg_metrics_v1_message, &m, out);
}

/* A host with any controller in v1 is one of v1 to containerd too. */
int metrics_encode(const char *proc_cgroup, const char **ret_type, struct strbuf *out,
		   struct err *e)
{
	int dirs[V1_CONTROLLER_COUNT];
	autofd int dir = -1;
	bool v2 = false;
	int n;

	out->max = METRICS_MAX;
	n = open_v1(proc_cgroup, dirs);
	if (n == 0) {
		dir = cgroup_open_of(proc_cgroup, "", &v2, e);
		if (dir < 0)
			return dir;
		*ret_type = MSG_METRICS_V2;
		encode_v2(dir, out);
	} else {
		*ret_type = MSG_METRICS_V1;
		encode_v1(dirs, out);
	}
	close_all(dirs);
	return strbuf_check(out, "metrics", e);
}
