/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/parse.h"
#include "shim/cgroup/group_file.h"
#include "shim/v2/metrics.h"

#define NS_PER_S 1000000000

/* ---- memory ---- */

#define X(name, number) { #name, offsetof(struct msg_v1_memory, name) },
static const struct group_key memory_members[] = { MSG_V1_MEMORY(X) };
#undef X
#define MEMORY_KEYS ARRAY_LEN(memory_members)

/* Where the kernel's word is another. */
static const char *const memory_words[][2] = {
	{ "pg_pg_in", "pgpgin" },
	{ "pg_pg_out", "pgpgout" },
	{ "pg_fault", "pgfault" },
	{ "pg_maj_fault", "pgmajfault" },
	{ "hierarchical_swap_limit", "hierarchical_memsw_limit" },
	{ "total_pg_pg_in", "total_pgpgin" },
	{ "total_pg_pg_out", "total_pgpgout" },
	{ "total_pg_fault", "total_pgfault" },
	{ "total_pg_maj_fault", "total_pgmajfault" },
};

static const char *kernel_word(const char *member)
{
	for (size_t i = 0; i < ARRAY_LEN(memory_words); i++)
		if (streq(memory_words[i][0], member))
			return memory_words[i][1];
	return member;
}

static void read_memory_stat(int dir, struct msg_v1_memory *m)
{
	struct group_key keys[MEMORY_KEYS];

	for (size_t i = 0; i < MEMORY_KEYS; i++)
		keys[i] = (struct group_key){ kernel_word(memory_members[i].key),
					      memory_members[i].offset };
	group_keys(dir, "memory.stat", keys, MEMORY_KEYS, m);
}

static struct pb_number number_of(int dir, const char *prefix, const char *what)
{
	char file[64];

	(void)snprintf(file, sizeof(file), "%s%s", prefix, what);
	return group_number(dir, file);
}

static struct msg_v1_memory_entry *read_memory_entry(int dir, const char *prefix, struct arena *a)
{
	struct msg_v1_memory_entry *entry = arena_alloc(a, 1, sizeof(*entry));

	entry->limit = number_of(dir, prefix, "limit_in_bytes");
	entry->usage = number_of(dir, prefix, "usage_in_bytes");
	entry->max = number_of(dir, prefix, "max_usage_in_bytes");
	entry->failcnt = number_of(dir, prefix, "failcnt");
	return entry->usage.set ? entry : NULL;
}

static struct msg_v1_memory *read_memory(int dir, struct arena *a)
{
	struct msg_v1_memory *m = arena_alloc(a, 1, sizeof(*m));

	read_memory_stat(dir, m);
	m->usage = read_memory_entry(dir, "memory.", a);
	m->swap = read_memory_entry(dir, "memory.memsw.", a);
	m->kernel = read_memory_entry(dir, "memory.kmem.", a);
	m->kernel_tcp = read_memory_entry(dir, "memory.kmem.tcp.", a);
	return m;
}

static struct msg_v1_oom_control *read_oom_control(int dir, struct arena *a)
{
	static const struct group_key keys[] = {
		{ "oom_kill_disable", offsetof(struct msg_v1_oom_control, oom_kill_disable) },
		{ "under_oom", offsetof(struct msg_v1_oom_control, under_oom) },
		{ "oom_kill", offsetof(struct msg_v1_oom_control, oom_kill) },
	};
	struct msg_v1_oom_control *oom = arena_alloc(a, 1, sizeof(*oom));

	group_keys(dir, "memory.oom_control", keys, ARRAY_LEN(keys), oom);
	return oom->under_oom.set ? oom : NULL;
}

/* ---- cpu ---- */

static struct pb_list read_per_cpu(int dir, struct arena *a)
{
	char *text = group_text(dir, "cpuacct.usage_percpu", a);
	char *line = text ? group_next_line(&text) : NULL;
	struct pb_list list = { 0 };
	uint64_t v = 0;

	for (const char *word; line && (word = group_next_word(&line));)
		if (parse_u64(word, &v) >= 0)
			*(struct pb_number *)group_append(&list, sizeof(struct pb_number), a) =
				pb_set((int64_t)v);
	return list;
}

/* The kernel counts these two in ticks. */
static void ticks_to_ns(struct pb_number *n)
{
	if (n->set)
		n->v *= NS_PER_S / sysconf(_SC_CLK_TCK);
}

static struct msg_v1_cpu_usage *read_cpu_usage(int dir, struct arena *a)
{
	static const struct group_key keys[] = {
		{ "user", offsetof(struct msg_v1_cpu_usage, user) },
		{ "system", offsetof(struct msg_v1_cpu_usage, kernel) },
	};
	struct msg_v1_cpu_usage *usage = arena_alloc(a, 1, sizeof(*usage));

	usage->total = group_number(dir, "cpuacct.usage");
	group_keys(dir, "cpuacct.stat", keys, ARRAY_LEN(keys), usage);
	ticks_to_ns(&usage->user);
	ticks_to_ns(&usage->kernel);
	usage->per_cpu = read_per_cpu(dir, a);
	return usage;
}

static struct msg_v1_throttling *read_throttling(int dir, struct arena *a)
{
	static const struct group_key keys[] = {
		{ "nr_periods", offsetof(struct msg_v1_throttling, periods) },
		{ "nr_throttled", offsetof(struct msg_v1_throttling, throttled_periods) },
		{ "throttled_time", offsetof(struct msg_v1_throttling, throttled_time) },
	};
	struct msg_v1_throttling *t = arena_alloc(a, 1, sizeof(*t));

	group_keys(dir, "cpu.stat", keys, ARRAY_LEN(keys), t);
	return t;
}

static struct msg_v1_cpu *read_cpu(const int dirs[V1_CONTROLLER_COUNT], struct arena *a)
{
	struct msg_v1_cpu *cpu = arena_alloc(a, 1, sizeof(*cpu));

	if (dirs[V1_cpuacct] >= 0)
		cpu->usage = read_cpu_usage(dirs[V1_cpuacct], a);
	if (dirs[V1_cpu] >= 0)
		cpu->throttling = read_throttling(dirs[V1_cpu], a);
	return cpu->usage || cpu->throttling ? cpu : NULL;
}

/* ---- pids ---- */

static struct msg_v1_pids *read_pids(int dir, struct arena *a)
{
	struct msg_v1_pids *pids = arena_alloc(a, 1, sizeof(*pids));

	pids->current = group_number(dir, "pids.current");
	pids->limit = group_number(dir, "pids.max");
	/* No limit is 0 here, and only here. */
	if (pids->limit.set && (uint64_t)pids->limit.v == UINT64_MAX)
		pids->limit.v = 0;
	return pids->current.set ? pids : NULL;
}

/* ---- blkio: the scheduler's counters where it keeps them, else the throttle's ---- */

static const struct blkio_row {
	size_t offset;
	const char *files[3]; /* the first that has lines */
} blkio_rows[] = {
#define ROW(member, ...)                                                                           \
	{                                                                                          \
		offsetof(struct msg_v1_blkio, member),                                             \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
	ROW(service_bytes, "blkio.bfq.io_service_bytes_recursive",
	    "blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes"),
	ROW(serviced, "blkio.bfq.io_serviced_recursive", "blkio.throttle.io_serviced_recursive",
	    "blkio.throttle.io_serviced"),
	ROW(queued, "blkio.bfq.io_queued_recursive", "blkio.io_queued_recursive"),
	ROW(service_time, "blkio.bfq.io_service_time_recursive", "blkio.io_service_time_recursive"),
	ROW(wait_time, "blkio.bfq.io_wait_time_recursive", "blkio.io_wait_time_recursive"),
	ROW(merged, "blkio.bfq.io_merged_recursive", "blkio.io_merged_recursive"),
	ROW(time, "blkio.bfq.time_recursive", "blkio.time_recursive"),
	ROW(sectors, "blkio.bfq.sectors_recursive", "blkio.sectors_recursive"),
#undef ROW
};

/* "/dev/sda", as the link of the device number says. */
static const char *device_name(const char *number, struct arena *a)
{
	const char *link = arena_printf(a, "/sys/dev/block/%s", number);
	char target[256];
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	const char *slash;

	if (n <= 0)
		return NULL;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return arena_printf(a, "/dev/%s", slash ? slash + 1 : target);
}

/* "8:0 Read 4096", and "8:0 4096" of those without an operation; the last line, "Total 4096", is of
 * no device. */
static bool read_blkio_line(char *line, struct arena *a, struct msg_v1_blkio_entry *ret)
{
	const char *device = group_next_word(&line);
	const char *second = device ? group_next_word(&line) : NULL;
	const char *third = second ? group_next_word(&line) : NULL;
	uint64_t v = 0;

	if (!second || !group_device(device, &ret->major, &ret->minor) ||
	    parse_u64(third ? third : second, &v) < 0)
		return false;
	ret->op = third ? second : "";
	ret->device = device_name(device, a);
	ret->value = pb_set((int64_t)v);
	return true;
}

static struct pb_list read_blkio_file(int dir, const char *file, struct arena *a)
{
	char *text = group_text(dir, file, a);
	struct pb_list list = { 0 };

	for (char *line; text && (line = group_next_line(&text));) {
		struct msg_v1_blkio_entry entry = { 0 };

		if (read_blkio_line(line, a, &entry))
			*(struct msg_v1_blkio_entry *)group_append(&list, sizeof(entry), a) = entry;
	}
	return list;
}

static struct msg_v1_blkio *read_blkio(int dir, struct arena *a)
{
	struct msg_v1_blkio *blkio = arena_alloc(a, 1, sizeof(*blkio));

	for (size_t i = 0; i < ARRAY_LEN(blkio_rows); i++) {
		const struct blkio_row *row = &blkio_rows[i];
		struct pb_list *list = (struct pb_list *)((char *)blkio + row->offset);

		for (size_t f = 0; f < ARRAY_LEN(row->files) && list->n == 0; f++)
			if (row->files[f])
				*list = read_blkio_file(dir, row->files[f], a);
	}
	return blkio;
}

/* ---- hugetlb: files per page size ---- */

struct hugetlb_visit {
	int dir;
	struct arena *a;
	struct pb_list *list;
};

static int visit_hugetlb(int dirfd UNUSED, const char *name, unsigned char d_type UNUSED, void *ctx,
			 struct err *e UNUSED)
{
	struct hugetlb_visit *v = ctx;
	const char *size = metrics_page_size(name, ".usage_in_bytes", v->a);
	struct msg_v1_hugetlb *h;
	char prefix[32];

	if (!size)
		return 0;
	(void)snprintf(prefix, sizeof(prefix), "hugetlb.%s.", size);
	h = group_append(v->list, sizeof(*h), v->a);
	h->pagesize = size;
	h->usage = number_of(v->dir, prefix, "usage_in_bytes");
	h->max = number_of(v->dir, prefix, "max_usage_in_bytes");
	h->failcnt = number_of(v->dir, prefix, "failcnt");
	return 0;
}

static void read_hugetlb(int dir, struct arena *a, struct pb_list *ret)
{
	struct hugetlb_visit v = { .dir = dir, .a = a, .list = ret };
	autofd int fd = dir_open_at(dir, ".", NULL);

	if (fd >= 0)
		(void)dir_each(fd, visit_hugetlb, &v, NULL);
}

void metrics_read_v1(const int dirs[V1_CONTROLLER_COUNT], struct arena *a,
		     struct msg_metrics_v1 *ret)
{
	ret->cpu = read_cpu(dirs, a);
	if (dirs[V1_memory] >= 0) {
		ret->memory = read_memory(dirs[V1_memory], a);
		ret->oom_control = read_oom_control(dirs[V1_memory], a);
	}
	if (dirs[V1_pids] >= 0)
		ret->pids = read_pids(dirs[V1_pids], a);
	if (dirs[V1_blkio] >= 0)
		ret->blkio = read_blkio(dirs[V1_blkio], a);
	if (dirs[V1_hugetlb] >= 0)
		read_hugetlb(dirs[V1_hugetlb], a, &ret->hugetlb);
	if (dirs[V1_rdma] >= 0)
		ret->rdma = metrics_read_rdma(dirs[V1_rdma], a);
}
