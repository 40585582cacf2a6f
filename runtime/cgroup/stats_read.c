/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "runtime/cgroup/stats.h"
#include "runtime/cgroup/tree.h"

/* memory.stat has some seventy lines, usage_all one for each processor, io.stat one for each disk.
 */
#define STAT_FILE_MAX ((size_t)1 << 20)

#define NS_PER_US 1000
#define NS_PER_S  1000000000

#define AT(member) offsetof(struct stats, member)

/* What `scale` of cpuacct.stat depends on: its unit is that of times(2). */
#define SCALE_TICKS UINT64_MAX

static const struct stat_row v1_rows[] = {
	{ "cpuacct", "cpuacct.usage", STAT_NUMBER, AT(cpu.total), NULL, 0 },
	{ "cpuacct", "cpuacct.stat", STAT_KEY, AT(cpu.user), "user", SCALE_TICKS },
	{ "cpuacct", "cpuacct.stat", STAT_KEY, AT(cpu.kernel), "system", SCALE_TICKS },
	{ "cpuacct", "cpuacct.usage_percpu", STAT_LIST, AT(cpu.percpu), NULL, 0 },
	{ "cpuacct", "cpuacct.usage_all", STAT_COLUMN, AT(cpu.percpu_user), "user", 0 },
	{ "cpuacct", "cpuacct.usage_all", STAT_COLUMN, AT(cpu.percpu_kernel), "system", 0 },
	{ "cpu", "cpu.stat", STAT_KEY, AT(cpu.periods), "nr_periods", 0 },
	{ "cpu", "cpu.stat", STAT_KEY, AT(cpu.throttled_periods), "nr_throttled", 0 },
	{ "cpu", "cpu.stat", STAT_KEY, AT(cpu.throttled_time), "throttled_time", 0 },
	{ "cpuset", "cpuset.cpus", STAT_RANGES, AT(cpuset.cpus), NULL, 0 },
	{ "cpuset", "cpuset.mems", STAT_RANGES, AT(cpuset.mems), NULL, 0 },
	{ "cpuset", "cpuset.cpu_exclusive", STAT_NUMBER, AT(cpuset.cpu_exclusive), NULL, 0 },
	{ "cpuset", "cpuset.mem_hardwall", STAT_NUMBER, AT(cpuset.mem_hardwall), NULL, 0 },
	{ "cpuset", "cpuset.mem_exclusive", STAT_NUMBER, AT(cpuset.mem_exclusive), NULL, 0 },
	{ "cpuset", "cpuset.memory_migrate", STAT_NUMBER, AT(cpuset.memory_migrate), NULL, 0 },
	{ "cpuset", "cpuset.memory_spread_page", STAT_NUMBER, AT(cpuset.memory_spread_page), NULL,
	  0 },
	{ "cpuset", "cpuset.memory_spread_slab", STAT_NUMBER, AT(cpuset.memory_spread_slab), NULL,
	  0 },
	{ "cpuset", "cpuset.memory_pressure", STAT_NUMBER, AT(cpuset.memory_pressure), NULL, 0 },
	{ "cpuset", "cpuset.sched_load_balance", STAT_NUMBER, AT(cpuset.sched_load_balance), NULL,
	  0 },
	{ "cpuset", "cpuset.sched_relax_domain_level", STAT_SIGNED,
	  AT(cpuset.sched_relax_domain_level), NULL, 0 },
	{ "memory", "memory.stat", STAT_ALL_KEYS, AT(memory.raw), NULL, 0 },
	{ "memory", "memory.stat", STAT_KEY, AT(memory.cache), "cache", 0 },
	{ "memory", "memory.limit_in_bytes", STAT_NUMBER, AT(memory.usage.limit), NULL, 0 },
	{ "memory", "memory.usage_in_bytes", STAT_NUMBER, AT(memory.usage.usage), NULL, 0 },
	{ "memory", "memory.max_usage_in_bytes", STAT_NUMBER, AT(memory.usage.max), NULL, 0 },
	{ "memory", "memory.failcnt", STAT_NUMBER, AT(memory.usage.failcnt), NULL, 0 },
	{ "memory", "memory.memsw.limit_in_bytes", STAT_NUMBER, AT(memory.swap.limit), NULL, 0 },
	{ "memory", "memory.memsw.usage_in_bytes", STAT_NUMBER, AT(memory.swap.usage), NULL, 0 },
	{ "memory", "memory.memsw.max_usage_in_bytes", STAT_NUMBER, AT(memory.swap.max), NULL, 0 },
	{ "memory", "memory.memsw.failcnt", STAT_NUMBER, AT(memory.swap.failcnt), NULL, 0 },
	{ "memory", "memory.kmem.limit_in_bytes", STAT_NUMBER, AT(memory.kernel.limit), NULL, 0 },
	{ "memory", "memory.kmem.usage_in_bytes", STAT_NUMBER, AT(memory.kernel.usage), NULL, 0 },
	{ "memory", "memory.kmem.max_usage_in_bytes", STAT_NUMBER, AT(memory.kernel.max), NULL, 0 },
	{ "memory", "memory.kmem.failcnt", STAT_NUMBER, AT(memory.kernel.failcnt), NULL, 0 },
	{ "memory", "memory.kmem.tcp.limit_in_bytes", STAT_NUMBER, AT(memory.kernel_tcp.limit),
	  NULL, 0 },
	{ "memory", "memory.kmem.tcp.usage_in_bytes", STAT_NUMBER, AT(memory.kernel_tcp.usage),
	  NULL, 0 },
	{ "memory", "memory.kmem.tcp.max_usage_in_bytes", STAT_NUMBER, AT(memory.kernel_tcp.max),
	  NULL, 0 },
	{ "memory", "memory.kmem.tcp.failcnt", STAT_NUMBER, AT(memory.kernel_tcp.failcnt), NULL,
	  0 },
	{ "pids", "pids.current", STAT_NUMBER, AT(pids), NULL, 0 },
	{ "pids", "pids.max", STAT_NUMBER, AT(pids_limit), NULL, 0 },
	/* The scheduler that counts decides the prefix; the throttle counts when none does. */
	{ "blkio", "blkio.bfq.io_service_bytes_recursive", STAT_IO, AT(io[STATS_IO_BYTES]), NULL,
	  0 },
	{ "blkio", "blkio.bfq.io_serviced_recursive", STAT_IO, AT(io[STATS_IO_SERVICED]), NULL, 0 },
	{ "blkio", "blkio.bfq.io_queued_recursive", STAT_IO, AT(io[STATS_IO_QUEUED]), NULL, 0 },
	{ "blkio", "blkio.bfq.io_service_time_recursive", STAT_IO, AT(io[STATS_IO_SERVICE_TIME]),
	  NULL, 0 },
	{ "blkio", "blkio.bfq.io_wait_time_recursive", STAT_IO, AT(io[STATS_IO_WAIT_TIME]), NULL,
	  0 },
	{ "blkio", "blkio.bfq.io_merged_recursive", STAT_IO, AT(io[STATS_IO_MERGED]), NULL, 0 },
	{ "blkio", "blkio.bfq.time_recursive", STAT_IO, AT(io[STATS_IO_TIME]), NULL, 0 },
	{ "blkio", "blkio.bfq.sectors_recursive", STAT_IO, AT(io[STATS_IO_SECTORS]), NULL, 0 },
	{ "blkio", "blkio.io_service_bytes_recursive", STAT_IO, AT(io[STATS_IO_BYTES]), NULL, 0 },
	{ "blkio", "blkio.io_serviced_recursive", STAT_IO, AT(io[STATS_IO_SERVICED]), NULL, 0 },
	{ "blkio", "blkio.io_queued_recursive", STAT_IO, AT(io[STATS_IO_QUEUED]), NULL, 0 },
	{ "blkio", "blkio.io_service_time_recursive", STAT_IO, AT(io[STATS_IO_SERVICE_TIME]), NULL,
	  0 },
	{ "blkio", "blkio.io_wait_time_recursive", STAT_IO, AT(io[STATS_IO_WAIT_TIME]), NULL, 0 },
	{ "blkio", "blkio.io_merged_recursive", STAT_IO, AT(io[STATS_IO_MERGED]), NULL, 0 },
	{ "blkio", "blkio.time_recursive", STAT_IO, AT(io[STATS_IO_TIME]), NULL, 0 },
	{ "blkio", "blkio.sectors_recursive", STAT_IO, AT(io[STATS_IO_SECTORS]), NULL, 0 },
	{ "blkio", "blkio.throttle.io_service_bytes_recursive", STAT_IO, AT(io[STATS_IO_BYTES]),
	  NULL, 0 },
	{ "blkio", "blkio.throttle.io_serviced_recursive", STAT_IO, AT(io[STATS_IO_SERVICED]), NULL,
	  0 },
	{ "blkio", "blkio.throttle.io_service_bytes", STAT_IO, AT(io[STATS_IO_BYTES]), NULL, 0 },
	{ "blkio", "blkio.throttle.io_serviced", STAT_IO, AT(io[STATS_IO_SERVICED]), NULL, 0 },
};

static const struct stat_row v2_rows[] = {
	{ "", "cpu.stat", STAT_KEY, AT(cpu.total), "usage_usec", NS_PER_US },
	{ "", "cpu.stat", STAT_KEY, AT(cpu.user), "user_usec", NS_PER_US },
	{ "", "cpu.stat", STAT_KEY, AT(cpu.kernel), "system_usec", NS_PER_US },
	{ "", "cpu.stat", STAT_KEY, AT(cpu.periods), "nr_periods", 0 },
	{ "", "cpu.stat", STAT_KEY, AT(cpu.throttled_periods), "nr_throttled", 0 },
	{ "", "cpu.stat", STAT_KEY, AT(cpu.throttled_time), "throttled_usec", NS_PER_US },
	{ "", "cpu.pressure", STAT_PSI, AT(cpu.psi), NULL, 0 },
	{ "", "cpuset.cpus.effective", STAT_RANGES, AT(cpuset.cpus), NULL, 0 },
	{ "", "cpuset.mems.effective", STAT_RANGES, AT(cpuset.mems), NULL, 0 },
	{ "", "memory.stat", STAT_ALL_KEYS, AT(memory.raw), NULL, 0 },
	{ "", "memory.stat", STAT_KEY, AT(memory.cache), "file", 0 },
	{ "", "memory.stat", STAT_KEY, AT(memory.kernel.usage), "kernel", 0 },
	{ "", "memory.max", STAT_NUMBER, AT(memory.usage.limit), NULL, 0 },
	{ "", "memory.current", STAT_NUMBER, AT(memory.usage.usage), NULL, 0 },
	{ "", "memory.peak", STAT_NUMBER, AT(memory.usage.max), NULL, 0 },
	{ "", "memory.events", STAT_KEY, AT(memory.usage.failcnt), "max", 0 },
	{ "", "memory.swap.max", STAT_NUMBER, AT(memory.swap.limit), NULL, 0 },
	{ "", "memory.swap.current", STAT_NUMBER, AT(memory.swap.usage), NULL, 0 },
	{ "", "memory.swap.events", STAT_KEY, AT(memory.swap.failcnt), "max", 0 },
	{ "", "memory.pressure", STAT_PSI, AT(memory.psi), NULL, 0 },
	{ "", "pids.current", STAT_NUMBER, AT(pids), NULL, 0 },
	{ "", "pids.max", STAT_NUMBER, AT(pids_limit), NULL, 0 },
	{ "", "io.stat", STAT_IO_V2, AT(io), NULL, 0 },
	{ "", "io.pressure", STAT_PSI, AT(io_psi), NULL, 0 },
};

/* hugetlb.SIZE.FILE; the reserved ones count what was asked for, as the limits do. */
static const struct {
	const char *suffix; /* tells that a file is of this layout; without ".rsvd" */
	const char *usage, *max, *failcnt, *failcnt_key;
} huge_files[] = {
	{ ".failcnt", "usage_in_bytes", "max_usage_in_bytes", "failcnt", NULL },
	{ ".events", "current", NULL, "events", "max" },
};

void stats_done(struct stats *s)
{
	arena_done(&s->arena);
}

/* The text of a file, while row after row asks for it. */
struct open_file {
	const char *name; /* NULL: none */
	char *text;       /* owned; NULL: there is no such file */
};

static void open_file_done(struct open_file *f)
{
	free(f->text);
}
AUTO_DEFINE_DONE(open_file, open_file_done)

/* Not compiled in, switched off (EOPNOTSUPP: pressure), or the group is gone. */
static bool is_missing(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP;
}

static int load(struct open_file *f, int dirfd, const char *name, struct err *e)
{
	int r;

	if (f->name && streq(f->name, name))
		return 0;
	free(steal_ptr(&f->text));
	f->name = name;
	r = file_read_at(dirfd, name, STAT_FILE_MAX, &f->text, NULL, e);
	if (!is_missing(r))
		return r;
	err_clear(e);
	return 0;
}

static int read_row(struct stats *s, struct open_file *f, int dirfd, const struct stat_row *row,
		    struct err *e)
{
	struct stat_row use = *row;
	int r = load(f, dirfd, row->file, e);

	if (r < 0 || !f->text)
		return r;
	if (row->scale == SCALE_TICKS)
		use.scale = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	r = stats_parse(s, &use, f->text);
	return r < 0 ? err_set(e, EBADMSG, "cgroup file '%s' holds what no kernel writes",
			       row->file)
		     : 0;
}

/* Rows of one hierarchy; `t` serves those whose controller it has. */
static int read_tree(struct stats *s, const struct cgroup_tree *t, const struct stat_row *rows,
		     size_t n, struct err *e)
{
	auto_(open_file) struct open_file f = { 0 };
	autofd int fd = tree_open(t, e);
	int r = 0;

	/* It ended while we looked. */
	if (is_missing(fd)) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return fd;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (tree_has(t, rows[i].controller))
			r = read_row(s, &f, fd, &rows[i], e);
	return r;
}

struct huge_search {
	struct stats *stats;
	size_t layout; /* index of huge_files */
};

static void read_huge_file(int dirfd, const char *size, const char *file, const char *key,
			   uint64_t *ret)
{
	/* Rows name members of struct stats: one number of a spare one. */
	struct stats one = { 0 };
	struct stat_row row = { "", NULL, key ? STAT_KEY : STAT_NUMBER, AT(pids), key, 0 };
	autofree char *text = NULL;

	for (int reserved = 1; file && !text && reserved >= 0; reserved--) {
		autofree char *name =
			xasprintf("hugetlb.%s%s.%s", size, reserved ? ".rsvd" : "", file);

		(void)file_read_at(dirfd, name, STAT_FILE_MAX, &text, NULL, NULL);
	}
	if (text && stats_parse(&one, &row, text) == 0)
		*ret = one.pids;
}

/* "hugetlb.2MB.failcnt" names a size. */
static int find_huge_size(int dirfd, const char *name, unsigned char type UNUSED, void *ctx,
			  struct err *e UNUSED)
{
	static const char prefix[] = "hugetlb.";
	struct huge_search *search = ctx;
	struct stats *s = search->stats;
	const char *suffix = huge_files[search->layout].suffix;
	size_t len = strlen(name), lead = strlen(prefix), tail = strlen(suffix);
	struct stats_hugetlb h = { 0 };
	autofree char *size = NULL;

	if (!starts_with(name, prefix) || len <= lead + tail || !streq(name + len - tail, suffix))
		return 0;
	size = xstrndup(name + lead, len - lead - tail);
	if (strchr(size, '.'))
		return 0;
	h.size = arena_strdup(&s->arena, size);
	read_huge_file(dirfd, size, huge_files[search->layout].usage, NULL, &h.usage);
	read_huge_file(dirfd, size, huge_files[search->layout].max, NULL, &h.max);
	read_huge_file(dirfd, size, huge_files[search->layout].failcnt,
		       huge_files[search->layout].failcnt_key, &h.failcnt);
	s->hugetlb = arena_grow(&s->arena, s->hugetlb, s->n_hugetlb, s->n_hugetlb + 1, sizeof(h));
	s->hugetlb[s->n_hugetlb++] = h;
	return 0;
}

static int read_hugetlb(struct stats *s, const struct cgroup *cg, struct err *e)
{
	const struct cgroup_tree *v1 = cgroup_tree_find(cg, "hugetlb");
	const struct cgroup_tree *t = v1 ? v1 : cgroup_tree_find(cg, "");
	struct huge_search search = { .stats = s, .layout = v1 ? 0 : 1 };
	autofd int fd = t ? tree_open(t, NULL) : -1;

	return fd < 0 ? 0 : dir_each(fd, find_huge_size, &search, e);
}

/* What the rows cannot say. */
static void finish(struct stats *s, const struct cgroup *cg)
{
	struct stats_memory *m = &s->memory;

	/* v2 counts swap alone; runc's callers know the sum, without a maximum. */
	if (!cgroup_tree_find(cg, "memory")) {
		m->swap.usage += m->usage.usage;
		if (m->swap.limit != UINT64_MAX && m->usage.limit != UINT64_MAX)
			m->swap.limit += m->usage.limit;
		else
			m->swap.limit = UINT64_MAX;
	}
	if (s->pids_limit == UINT64_MAX)
		s->pids_limit = 0;
}

/* Without the controller the processes can still be counted. */
static int count_processes(struct stats *s, const struct cgroup *cg, struct err *e)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;
	int r = s->pids ? 0 : cgroup_pids(cg, &pids, &n, e);

	if (r == 0 && !s->pids)
		s->pids = n;
	return r;
}

int stats_read(const struct cgroup *cg, struct stats *ret, struct err *e)
{
	struct stats s = { 0 };
	int r = 0;

	/* v2 first: in a hybrid layout its tree has a cpu.stat of its own, and the v1 controllers
	 * know better. */
	for (int v2 = 1; r == 0 && v2 >= 0; v2--)
		for (size_t i = 0; r == 0 && i < cg->n; i++)
			if (tree_is_v2(&cg->trees[i]) == (v2 == 1))
				r = v2 ? read_tree(&s, &cg->trees[i], v2_rows, ARRAY_LEN(v2_rows),
						   e)
				       : read_tree(&s, &cg->trees[i], v1_rows, ARRAY_LEN(v1_rows),
						   e);
	if (r == 0)
		r = read_hugetlb(&s, cg, e);
	if (r == 0)
		r = count_processes(&s, cg, e);
	if (r < 0) {
		stats_done(&s);
		return r;
	}
	finish(&s, cg);
	*ret = s;
	return 0;
}
