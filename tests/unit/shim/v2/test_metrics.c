/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of plain files in a directory. */
#include "shim/v2/metrics.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"

struct group {
	char dir[32];
	int fd;
	struct arena a;
};

static int make_group(void **state)
{
	struct group *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	(void)strcpy(g->dir, "/tmp/test_metrics.XXXXXX");
	assert_non_null(mkdtemp(g->dir));
	g->fd = open(g->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(g->fd >= 0);
	*state = g;
	return 0;
}

static int remove_group(void **state)
{
	struct group *g = *state;

	(void)close(g->fd);
	arena_done(&g->a);
	assert_int_equal(dir_remove_all_at(AT_FDCWD, g->dir, NULL), 0);
	free(g);
	return 0;
}

static void put(const struct group *g, const char *name, const char *text)
{
	assert_int_equal(file_replace_at(g->fd, name, text, strlen(text), 0644, FILE_NO_SYNC, NULL),
			 0);
}

/* All controllers in one directory. */
static void read_v1(struct group *g, struct msg_metrics_v1 *m)
{
	int dirs[V1_CONTROLLER_COUNT];

	for (int i = 0; i < V1_CONTROLLER_COUNT; i++)
		dirs[i] = g->fd;
	metrics_read_v1(dirs, &g->a, m);
}

/* ---- v2 ---- */

static void v2_counts_what_the_files_say(void **state)
{
	struct group *g = *state;
	struct msg_metrics_v2 m = { 0 };
	const struct msg_v2_io_entry *io;
	const struct msg_v2_hugetlb *h;

	put(g, "pids.current", "3\n");
	put(g, "pids.max", "100\n");
	put(g, "cpu.stat", "usage_usec 10\nuser_usec 7\nsystem_usec 3\nnew_word 9\n");
	put(g, "memory.stat",
	    "anon 4096\nfile 8192\nworkingset_refault_anon 1\n"
	    "workingset_refault_file 2\n");
	put(g, "memory.current", "12288\n");
	put(g, "memory.max", "max\n");
	put(g, "memory.swap.current", "0\n");
	put(g, "memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 0\n");
	put(g, "io.stat", "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n253:0 \n");
	put(g, "hugetlb.2MB.current", "5\n");
	put(g, "hugetlb.2MB.max", "max\n");
	put(g, "hugetlb.2MB.rsvd.current", "6\n");
	put(g, "rdma.current", "mlx4_0 hca_handle=2 hca_object=2000\n");
	metrics_read_v2(g->fd, &g->a, &m);
	assert_int_equal(m.pids->current.v, 3);
	assert_int_equal(m.pids->limit.v, 100);
	assert_int_equal(m.cpu->usage_usec.v, 10);
	assert_false(m.cpu->nr_periods.set);
	assert_int_equal(m.memory->anon.v, 4096);
	assert_int_equal(m.memory->workingset_refault.v, 3);
	assert_int_equal(m.memory->usage.v, 12288);
	assert_true((uint64_t)m.memory->usage_limit.v == UINT64_MAX);
	assert_true(m.memory->swap_usage.set && m.memory->swap_usage.v == 0);
	assert_int_equal(m.memory_events->oom_kill.v, 4);
	assert_int_equal(m.io->usage.n, 2);
	io = m.io->usage.items;
	assert_int_equal(io[0].major.v, 8);
	assert_int_equal(io[0].minor.v, 16);
	assert_int_equal(io[0].wios.v, 4);
	assert_false(io[1].rbytes.set);
	assert_int_equal(m.hugetlb.n, 1);
	h = m.hugetlb.items;
	assert_string_equal(h->pagesize, "2MB");
	assert_int_equal(h->current.v, 5);
	assert_int_equal(m.rdma->current.n, 1);
	assert_int_equal(((struct msg_rdma_entry *)m.rdma->current.items)->hca_objects.v, 2000);
}

static void a_group_without_controllers_has_nothing_to_count(void **state)
{
	struct group *g = *state;
	struct msg_metrics_v2 m = { 0 };

	metrics_read_v2(g->fd, &g->a, &m);
	assert_null(m.pids);
	assert_null(m.memory);
	assert_null(m.io);
	assert_null(m.rdma);
	assert_int_equal(m.hugetlb.n, 0);
}

/* ---- v1 ---- */

static void v1_counts_what_the_files_say(void **state)
{
	struct group *g = *state;
	struct msg_metrics_v1 m = { 0 };
	const struct pb_number *per_cpu;

	put(g, "cpuacct.usage", "1000\n");
	put(g, "cpuacct.usage_percpu", "600 400 \n");
	put(g, "cpuacct.stat", "user 1\nsystem 2\n");
	put(g, "cpu.stat", "nr_periods 5\nnr_throttled 4\nthrottled_time 3\n");
	put(g, "memory.stat",
	    "cache 1\npgpgin 2\nhierarchical_memsw_limit 3\ntotal_pgmajfault 4\n");
	put(g, "memory.usage_in_bytes", "11\n");
	put(g, "memory.limit_in_bytes", "9223372036854771712\n");
	put(g, "memory.kmem.tcp.usage_in_bytes", "12\n");
	put(g, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	put(g, "pids.current", "1\n");
	put(g, "pids.max", "max\n");
	put(g, "hugetlb.1GB.usage_in_bytes", "7\n");
	put(g, "hugetlb.1GB.failcnt", "8\n");
	read_v1(g, &m);
	assert_int_equal(m.cpu->usage->total.v, 1000);
	assert_int_equal(m.cpu->usage->user.v, 1000000000 / sysconf(_SC_CLK_TCK));
	assert_int_equal(m.cpu->usage->kernel.v, 2000000000 / sysconf(_SC_CLK_TCK));
	assert_int_equal(m.cpu->usage->per_cpu.n, 2);
	per_cpu = m.cpu->usage->per_cpu.items;
	assert_int_equal(per_cpu[1].v, 400);
	assert_int_equal(m.cpu->throttling->throttled_time.v, 3);
	assert_int_equal(m.memory->cache.v, 1);
	assert_int_equal(m.memory->pg_pg_in.v, 2);
	assert_int_equal(m.memory->hierarchical_swap_limit.v, 3);
	assert_int_equal(m.memory->total_pg_maj_fault.v, 4);
	assert_int_equal(m.memory->usage->usage.v, 11);
	assert_int_equal(m.memory->kernel_tcp->usage.v, 12);
	assert_null(m.memory->swap);
	assert_int_equal(m.oom_control->oom_kill.v, 2);
	assert_true(m.pids->limit.set && m.pids->limit.v == 0);
	assert_int_equal(m.hugetlb.n, 1);
	assert_int_equal(((struct msg_v1_hugetlb *)m.hugetlb.items)->failcnt.v, 8);
}

static void v1_blkio_is_the_schedulers_else_the_throttles(void **state)
{
	struct group *g = *state;
	struct msg_metrics_v1 m = { 0 };
	const struct msg_v1_blkio_entry *entry;

	put(g, "blkio.bfq.io_service_bytes_recursive", "Total 0\n");
	put(g, "blkio.throttle.io_service_bytes_recursive",
	    "8:0 Read 4096\n8:0 Write 1\nTotal 4097\n");
	put(g, "blkio.bfq.sectors_recursive", "8:0 77\n");
	read_v1(g, &m);
	assert_int_equal(m.blkio->service_bytes.n, 2);
	entry = m.blkio->service_bytes.items;
	assert_string_equal(entry[0].op, "Read");
	assert_int_equal(entry[0].major.v, 8);
	assert_int_equal(entry[1].value.v, 1);
	assert_int_equal(m.blkio->sectors.n, 1);
	entry = m.blkio->sectors.items;
	assert_string_equal(entry->op, "");
	assert_int_equal(entry->value.v, 77);
}

static void what_is_no_number_is_left_out(void **state)
{
	struct group *g = *state;
	struct msg_metrics_v2 m = { 0 };

	put(g, "pids.current", "many\n");
	put(g, "io.stat", "none rbytes=1\n\n8:x rbytes=1\n");
	put(g, "memory.current", "");
	put(g, "cpu.stat", "usage_usec\nuser_usec -1\n");
	metrics_read_v2(g->fd, &g->a, &m);
	assert_null(m.pids);
	assert_null(m.io);
	assert_null(m.memory);
	assert_false(m.cpu->usage_usec.set);
	assert_false(m.cpu->user_usec.set);
}

static void our_own_groups_can_be_encoded(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	autofree char *groups = NULL;
	const char *type = NULL;
	size_t len = 0;

	assert_int_equal(file_read_at(AT_FDCWD, "/proc/self/cgroup", 1 << 16, &groups, &len, NULL),
			 0);
	if (metrics_encode(groups, &type, &out, NULL) < 0)
		skip(); /* no hierarchy is mounted here */
	assert_true(strstr(type, "io.containerd.cgroups.v") == type);
}

#define ON_GROUP(test) cmocka_unit_test_setup_teardown(test, make_group, remove_group)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_GROUP(v2_counts_what_the_files_say),
		ON_GROUP(a_group_without_controllers_has_nothing_to_count),
		ON_GROUP(v1_counts_what_the_files_say),
		ON_GROUP(v1_blkio_is_the_schedulers_else_the_throttles),
		ON_GROUP(what_is_no_number_is_left_out),
		cmocka_unit_test(our_own_groups_can_be_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
