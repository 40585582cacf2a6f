/* SPDX-License-Identifier: Apache-2.0 */
/* From files as kernels write them, in a plain directory, to the document that runc's callers read.
 */
#include "runtime/cgroup/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "libutil/dir.h"
#include "libutil/file.h"
#include "runtime/cgroup/oom.h"
#include "runtime/cgroup/tree.h"

struct host {
	char *dir; /* owned */
	struct cgroup *cg;
};

static void write_file(const struct host *h, const char *tree, const char *name, const char *text)
{
	autofree char *path = xasprintf("%s/%s/c/%s", h->dir, tree, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void add_tree(struct host *h, const char *name, const char *controllers)
{
	autofree char *mount = xasprintf("%s/%s", h->dir, name);
	autofree char *group = xasprintf("%s/c", mount);

	assert_int_equal(dir_make_all_at(AT_FDCWD, group, 0700, NULL), 0);
	assert_int_equal(cgroup_add_tree(h->cg, controllers, mount, "/c", NULL), 0);
	write_file(h, name, "cgroup.procs", "12\n13\n14\n");
}

static void host_make(struct host *h, enum cgroup_layout layout)
{
	h->dir = xstrdup("/tmp/test-stats-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	h->cg = cgroup_new(CGROUP_FS, layout, false);
}

static void host_done(struct host *h)
{
	assert_true(dir_remove_all_at(AT_FDCWD, h->dir, NULL) >= 0);
	cgroup_free(h->cg);
	free(h->dir);
}

static void document(const struct host *h, struct strbuf *out)
{
	auto_(stats) struct stats s = { 0 };
	struct json_writer w = { .out = out };
	struct err e = { 0 };

	if (stats_read(h->cg, &s, &e) < 0)
		fail_msg("%s", e.msg);
	json_object(&w);
	stats_encode(&s, &w);
	json_object_end(&w);
}

static void has(const struct strbuf *out, const char *part)
{
	if (!strstr(strbuf_str(out), part))
		fail_msg("no '%s' in %s", part, strbuf_str(out));
}

static void version_1_counts_as_runc_shows_it(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct host h = { 0 };

	host_make(&h, CGROUP_V1);
	add_tree(&h, "cpu", "cpu,cpuacct");
	add_tree(&h, "cpuset", "cpuset");
	add_tree(&h, "memory", "memory");
	add_tree(&h, "blkio", "blkio");
	add_tree(&h, "pids", "pids");
	write_file(&h, "cpu", "cpuacct.usage", "13023094\n");
	write_file(&h, "cpu", "cpuacct.stat", "user 3\nsystem 1\n");
	write_file(&h, "cpu", "cpuacct.usage_percpu", "12650762 372332 \n");
	write_file(&h, "cpu", "cpuacct.usage_all", "cpu user system\n0 5 16000000\n1 0 4000000\n");
	write_file(&h, "cpu", "cpu.stat", "nr_periods 7\nnr_throttled 2\nthrottled_time 99\n");
	write_file(&h, "cpuset", "cpuset.cpus", "0-1,4\n");
	write_file(&h, "cpuset", "cpuset.sched_relax_domain_level", "-1\n");
	write_file(&h, "memory", "memory.stat", "cache 4096\nrss 8192\n");
	write_file(&h, "memory", "memory.limit_in_bytes", "67108864\n");
	write_file(&h, "memory", "memory.failcnt", "5\n");
	write_file(&h, "memory", "memory.memsw.usage_in_bytes", "774144\n");
	write_file(&h, "blkio", "blkio.throttle.io_service_bytes_recursive",
		   "8:0 Read 4096\n8:0 Total 4096\nTotal 4096\n");
	write_file(&h, "blkio", "blkio.throttle.io_service_bytes", "8:0 Read 1\n");
	write_file(&h, "blkio", "blkio.sectors_recursive", "8:16 77\n");
	write_file(&h, "pids", "pids.current", "2\n");
	write_file(&h, "pids", "pids.max", "max\n");
	document(&h, &out);
	has(&out, "{\"cpu\":{\"usage\":{\"total\":13023094,\"percpu\":[12650762,372332],"
		  "\"percpu_kernel\":[16000000,4000000],\"percpu_user\":[5,0],\"kernel\":10000000,"
		  "\"user\":30000000},\"throttling\":{\"periods\":7,\"throttledPeriods\":2,"
		  "\"throttledTime\":99}},");
	has(&out, "\"cpuset\":{\"cpus\":[0,1,4],\"cpu_exclusive\":0,\"mem_hardwall\":0,");
	has(&out, "\"sched_relax_domain_level\":-1}");
	has(&out, "\"memory\":{\"cache\":4096,\"usage\":{\"limit\":67108864,\"failcnt\":5},"
		  "\"swap\":{\"limit\":0,\"usage\":774144,\"failcnt\":0},");
	has(&out, "\"raw\":{\"cache\":4096,\"rss\":8192}}");
	has(&out, "\"pids\":{\"current\":2},");
	has(&out,
	    "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":4096},"
	    "{\"major\":8,\"op\":\"Total\",\"value\":4096}],"
	    "\"sectorsRecursive\":[{\"major\":8,\"minor\":16,\"value\":77}]},");
	has(&out, "\"hugetlb\":{}}");
	host_done(&h);
}

static void version_2_is_told_in_the_words_of_version_1(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct host h = { 0 };

	host_make(&h, CGROUP_V2);
	add_tree(&h, "v2", "");
	write_file(
		&h, "v2", "cpu.stat",
		"usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_throttled 1\nthrottled_usec 4\n");
	write_file(&h, "v2", "cpu.pressure",
		   "some avg10=1.50 avg60=0.25 avg300=0.00 total=123\n"
		   "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
	write_file(&h, "v2", "memory.stat", "anon 1\nfile 4096\nkernel 50\n");
	write_file(&h, "v2", "memory.current", "100\n");
	write_file(&h, "v2", "memory.max", "1000\n");
	write_file(&h, "v2", "memory.peak", "200\n");
	write_file(&h, "v2", "memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n");
	write_file(&h, "v2", "memory.swap.current", "10\n");
	write_file(&h, "v2", "memory.swap.max", "500\n");
	write_file(&h, "v2", "io.stat", "8:0 rbytes=4096 wbytes=0 rios=2 wios=0 dbytes=0\n254:1\n");
	write_file(&h, "v2", "hugetlb.2MB.events", "max 4\n");
	write_file(&h, "v2", "hugetlb.2MB.current", "1\n");
	write_file(&h, "v2", "hugetlb.2MB.rsvd.current", "2097152\n");
	document(&h, &out);
	has(&out, "{\"cpu\":{\"usage\":{\"total\":30000,\"kernel\":10000,\"user\":20000},"
		  "\"throttling\":{\"throttledPeriods\":1,\"throttledTime\":4000},"
		  "\"psi\":{\"some\":{\"avg10\":1.5,\"avg60\":0.25,\"avg300\":0.0,\"total\":123},");
	has(&out, "\"memory\":{\"cache\":4096,\"usage\":{\"limit\":1000,\"usage\":100,\"max\":200,"
		  "\"failcnt\":3},\"swap\":{\"limit\":1500,\"usage\":110,\"failcnt\":0},");
	has(&out, "\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":4096},"
		  "{\"major\":8,\"op\":\"Write\"}]");
	has(&out, "\"hugetlb\":{\"2MB\":{\"usage\":2097152,\"failcnt\":4}}");
	/* No pids controller: the processes are counted. */
	has(&out, "\"pids\":{\"current\":3},");
	host_done(&h);
}

static void no_limit_stays_no_limit_with_swap(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct host h = { 0 };

	host_make(&h, CGROUP_V2);
	add_tree(&h, "v2", "");
	write_file(&h, "v2", "memory.current", "100\n");
	write_file(&h, "v2", "memory.max", "max\n");
	write_file(&h, "v2", "memory.swap.max", "5\n");
	document(&h, &out);
	has(&out, "\"swap\":{\"limit\":18446744073709551615,\"usage\":100,");
	host_done(&h);
}

static void in_a_hybrid_layout_version_1_controllers_win(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct host h = { 0 };

	host_make(&h, CGROUP_HYBRID);
	add_tree(&h, "acct", "cpuacct");
	add_tree(&h, "unified", "");
	write_file(&h, "acct", "cpuacct.usage", "7777\n");
	write_file(&h, "unified", "cpu.stat", "usage_usec 1\n");
	write_file(&h, "unified", "io.pressure",
		   "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n");
	document(&h, &out);
	has(&out, "\"total\":7777,");
	has(&out,
	    "\"blkio\":{\"psi\":{\"some\":{\"avg10\":0.0,\"avg60\":0.0,\"avg300\":0.0,\"total\":9}");
	host_done(&h);
}

static void what_no_kernel_writes_is_an_error_that_names_the_file(void **state UNUSED)
{
	auto_(stats) struct stats s = { 0 };
	struct host h = { 0 };
	struct err e = { 0 };

	host_make(&h, CGROUP_V2);
	add_tree(&h, "v2", "");
	write_file(&h, "v2", "memory.current", "lots\n");
	assert_int_equal(stats_read(h.cg, &s, &e), -EBADMSG);
	assert_string_equal(e.msg, "cgroup file 'memory.current' holds what no kernel writes");
	host_done(&h);
}

static void the_nearest_group_whose_count_rose_hit_its_limit(void **state UNUSED)
{
	const struct oom_level before[] = { { .hits = 1 }, { .hits = 2 }, { .swap_hits = 3 } };
	const struct oom_level parent[] = { { .hits = 1 }, { .hits = 3 }, { .swap_hits = 4 } };
	const struct oom_level swap[] = { { .hits = 1 }, { .hits = 2 }, { .swap_hits = 4 } };
	bool with_swap = false;

	assert_int_equal(oom_find_level(before, parent, 3, &with_swap), 1);
	assert_false(with_swap);
	assert_int_equal(oom_find_level(before, swap, 3, &with_swap), 2);
	assert_true(with_swap);
	assert_int_equal(oom_find_level(before, before, 3, &with_swap), -1);
}

static void a_version_2_kill_by_the_own_limit_is_told_once(void **state UNUSED)
{
	auto_(oom_watch) struct oom_watch w = OOM_WATCH_NONE;
	struct oom_event event;
	struct host h = { 0 };
	struct err e = { 0 };

	host_make(&h, CGROUP_V2);
	add_tree(&h, "v2", "");
	write_file(&h, "v2", "memory.events", "oom 1\noom_kill 1\noom_group_kill 0\n");
	write_file(&h, "v2", "memory.events.local", "oom 1\n");
	write_file(&h, "v2", "memory.max", "4096\n");
	assert_int_equal(oom_watch_open(h.cg, &w, &e), 0);
	assert_int_equal(oom_watch_take(&w, &event), 0);
	write_file(&h, "v2", "memory.events", "oom 2\noom_kill 4\noom_group_kill 1\n");
	write_file(&h, "v2", "memory.events.local", "oom 2\n");
	assert_int_equal(oom_watch_take(&w, &event), 1);
	assert_int_equal(event.scope, OOM_OWN);
	assert_string_equal(event.group, "/c");
	assert_int_equal(event.limit, 4096);
	assert_int_equal(event.kills, 3);
	assert_int_equal(event.group_kills, 1);
	assert_int_equal(oom_watch_take(&w, &event), 0);
	assert_int_equal(oom_kills(h.cg), 4);
	/* A group that the container made for itself. */
	write_file(&h, "v2", "memory.events", "oom 3\noom_kill 5\noom_group_kill 1\n");
	assert_int_equal(oom_watch_take(&w, &event), 1);
	assert_int_equal(event.scope, OOM_BELOW);
	/* Killed, but no limit of ours was hit. */
	write_file(&h, "v2", "memory.events", "oom 3\noom_kill 6\noom_group_kill 1\n");
	assert_int_equal(oom_watch_take(&w, &event), 1);
	assert_int_equal(event.scope, OOM_HOST);
	host_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_counts_as_runc_shows_it),
		cmocka_unit_test(version_2_is_told_in_the_words_of_version_1),
		cmocka_unit_test(no_limit_stays_no_limit_with_swap),
		cmocka_unit_test(in_a_hybrid_layout_version_1_controllers_win),
		cmocka_unit_test(what_no_kernel_writes_is_an_error_that_names_the_file),
		cmocka_unit_test(the_nearest_group_whose_count_rose_hit_its_limit),
		cmocka_unit_test(a_version_2_kill_by_the_own_limit_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
