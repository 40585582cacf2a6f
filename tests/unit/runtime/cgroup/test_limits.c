/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources of config.json to the files that are written: "file=value" lines, in order. */
#include "runtime/cgroup/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static int hybrid(const struct spec_resources *r, struct limits *ret, struct err *e);

typedef int limits_fn(const struct spec_resources *r, struct limits *ret, struct err *e);

static int decide(limits_fn *fn, const char *json, struct strbuf *out, struct err *e)
{
	auto_(limits) struct limits l = { 0 };
	struct spec_resources *r = NULL;
	struct arena a = { 0 };
	int res = spec_resources_decode("test", json, strlen(json), &a, &r, e);

	if (res == 0)
		res = fn(r, &l, e);
	for (size_t i = 0; res == 0 && i < l.n; i++) {
		strbuf_addf(out, "%s%s=%s", l.v[i].v2 && fn == hybrid ? "v2 " : "", l.v[i].file,
			    l.v[i].value);
		if (l.v[i].alt)
			strbuf_addf(out, "|%s=%s", l.v[i].alt, l.v[i].alt_value);
		strbuf_addf(out, "%s%s%s\n", l.v[i].flags & LIMIT_OPTIONAL ? " optional" : "",
			    l.v[i].flags & LIMIT_RETRY ? " retry" : "",
			    l.v[i].flags & LIMIT_KEEP_QUOTA ? " keep-quota" : "");
	}
	arena_done(&a);
	return res;
}

static void gives(limits_fn *fn, const char *json, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };
	int r = decide(fn, json, &out, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(r, 0);
	assert_string_equal(strbuf_str(&out), want);
}

static void refuses(limits_fn *fn, const char *json, const char *message)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(decide(fn, json, &out, &e), -EINVAL);
	assert_string_equal(e.msg, message);
}

/* What docker run and podman run send when nothing was asked for. */
static void values_that_ask_for_nothing_write_nothing(void **state UNUSED)
{
	static const char docker[] = "{\"blockIO\":{\"weight\":0},\"cpu\":{\"shares\":0},"
				     "\"memory\":{\"disableOOMKiller\":false}}";

	gives(limits_v2, docker, "");
	gives(limits_v1, docker, "memory.oom_control=0 optional\n");
	gives(limits_v2, "{\"memory\":{\"limit\":0,\"swap\":0},\"cpu\":{\"cpus\":\"\"}}", "");
	gives(limits_v1, "{}", "");
	gives(limits_v2, "{}", "");
}

static void memory_is_limited(void **state UNUSED)
{
	static const char json[] = "{\"memory\":{\"limit\":67108864,\"swap\":134217728,"
				   "\"reservation\":1048576}}";

	gives(limits_v1, json,
	      "memory.limit_in_bytes=67108864 retry\n"
	      "memory.memsw.limit_in_bytes=134217728\n"
	      "memory.soft_limit_in_bytes=1048576\n");
	gives(limits_v2, json,
	      "memory.swap.max=67108864\n"
	      "memory.max=67108864\n"
	      "memory.low=1048576\n");
}

static void no_swap_needs_no_swap_accounting(void **state UNUSED)
{
	gives(limits_v2, "{\"memory\":{\"limit\":100,\"swap\":100}}",
	      "memory.swap.max=0 optional\nmemory.max=100\n");
}

static void unlimited_memory_is_what_a_group_has_anyway(void **state UNUSED)
{
	gives(limits_v2, "{\"memory\":{\"limit\":-1,\"reservation\":-1}}",
	      "memory.swap.max=max optional\nmemory.max=max optional\nmemory.low=max optional\n");
	gives(limits_v1, "{\"memory\":{\"limit\":-1}}",
	      "memory.limit_in_bytes=-1 optional retry\nmemory.memsw.limit_in_bytes=-1 optional\n");
}

static void swap_without_limit_is_an_error(void **state UNUSED)
{
	refuses(limits_v2, "{\"memory\":{\"swap\":100}}",
		"linux.resources.memory.swap: it needs memory.limit");
	refuses(limits_v1, "{\"memory\":{\"swap\":100}}",
		"linux.resources.memory.swap: it needs memory.limit");
	refuses(limits_v2, "{\"memory\":{\"swap\":100,\"limit\":200}}",
		"linux.resources.memory.swap: it is smaller than memory.limit");
}

static void v1_only_values_are_errors_in_v2(void **state UNUSED)
{
	static const struct {
		const char *json, *path;
	} only[] = {
		{ "{\"memory\":{\"swappiness\":60}}", "memory.swappiness" },
		{ "{\"memory\":{\"disableOOMKiller\":true}}", "memory.disableOOMKiller" },
		{ "{\"memory\":{\"kernelTCP\":1000}}", "memory.kernelTCP" },
		{ "{\"cpu\":{\"realtimeRuntime\":1000}}", "cpu.realtimeRuntime" },
		{ "{\"cpu\":{\"realtimePeriod\":1000}}", "cpu.realtimePeriod" },
		{ "{\"blockIO\":{\"leafWeight\":100}}", "blockIO.leafWeight" },
		{ "{\"network\":{\"classID\":1048577}}", "network.classID" },
		{ "{\"network\":{\"priorities\":[{\"name\":\"lo\",\"priority\":1}]}}",
		  "network.priorities" },
	};
	char message[128];

	for (size_t i = 0; i < ARRAY_LEN(only); i++) {
		(void)snprintf(message, sizeof(message),
			       "linux.resources.%s: cgroup v2 has nothing that means this",
			       only[i].path);
		refuses(limits_v2, only[i].json, message);
	}
	gives(limits_v1, "{\"memory\":{\"swappiness\":60,\"disableOOMKiller\":true}}",
	      "memory.swappiness=60\nmemory.oom_control=1\n");
	gives(limits_v1,
	      "{\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"lo\","
	      "\"priority\":5}]}}",
	      "net_cls.classid=1048577\nnet_prio.ifpriomap=lo 5\n");
}

static void cpu_is_limited(void **state UNUSED)
{
	static const char json[] = "{\"cpu\":{\"shares\":1024,\"quota\":50000,\"period\":100000,"
				   "\"burst\":1000,\"cpus\":\"0-1\",\"mems\":\"0\"}}";

	gives(limits_v1, json,
	      "cpu.shares=1024 optional\ncpu.cfs_period_us=100000 retry\ncpu.cfs_quota_us=50000 retry\n"
	      "cpu.cfs_burst_us=1000 retry\ncpuset.cpus=0-1\ncpuset.mems=0\n");
	gives(limits_v2, json,
	      "cpu.weight=100 optional\ncpu.max=50000 100000 retry\ncpu.max.burst=1000 retry\n"
	      "cpuset.cpus=0-1\ncpuset.mems=0\n");
}

static void half_of_cpu_max_keeps_the_other_half(void **state UNUSED)
{
	gives(limits_v2, "{\"cpu\":{\"quota\":5000}}", "cpu.max=5000 retry\n");
	gives(limits_v2, "{\"cpu\":{\"period\":20000}}", "cpu.max=20000 retry keep-quota\n");
	gives(limits_v2, "{\"cpu\":{\"quota\":-1,\"period\":20000}}",
	      "cpu.max=max 20000 optional\n");
}

static void an_idle_group_gets_no_weight(void **state UNUSED)
{
	gives(limits_v2, "{\"cpu\":{\"idle\":1,\"shares\":500}}", "cpu.idle=1\n");
	gives(limits_v2, "{\"cpu\":{\"idle\":0,\"shares\":2}}",
	      "cpu.idle=0 optional\ncpu.weight=1 optional\n");
}

static void shares_become_weights(void **state UNUSED)
{
	assert_int_equal(limits_weight_of_shares(0), 0);
	assert_int_equal(limits_weight_of_shares(1), 1);
	assert_int_equal(limits_weight_of_shares(2), 1);
	assert_int_equal(limits_weight_of_shares(102), 17);
	assert_int_equal(limits_weight_of_shares(1024), 100);
	assert_int_equal(limits_weight_of_shares(262143), 10000);
	assert_int_equal(limits_weight_of_shares(262144), 10000);
	assert_int_equal(limits_weight_of_shares(UINT64_MAX), 10000);
	for (uint64_t s = 2, last = 0; s < 262144; s += s / 50 + 1) {
		uint64_t w = limits_weight_of_shares(s);

		assert_in_range(w, last, 10000);
		last = w;
	}
}

static void zero_processes_would_forbid_init_itself(void **state UNUSED)
{
	gives(limits_v2, "{\"pids\":{\"limit\":0}}", "pids.max=1\n");
	gives(limits_v1, "{\"pids\":{\"limit\":2048}}", "pids.max=2048\n");
	gives(limits_v2, "{\"pids\":{\"limit\":-1}}", "pids.max=max optional\n");
}

static void block_devices_are_limited(void **state UNUSED)
{
	static const char json[] =
		"{\"blockIO\":{\"weight\":500,\"weightDevice\":[{\"major\":8,\"minor\":0,"
		"\"weight\":10}],\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":600}],"
		"\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":0}]}}";

	gives(limits_v1, json,
	      "blkio.bfq.weight=500|blkio.weight=500\n"
	      "blkio.bfq.weight_device=8:0 10|blkio.weight_device=8:0 10\n"
	      "blkio.throttle.read_bps_device=8:0 600\n"
	      "blkio.throttle.write_iops_device=8:16 0\n");
	gives(limits_v2, json,
	      "io.bfq.weight=default 500|io.weight=default 4950\n"
	      "io.bfq.weight=8:0 10|io.weight=8:0 1\n"
	      "io.max=8:0 rbps=600\n"
	      "io.max=8:16 wiops=max\n");
}

static void huge_pages_and_rdma_are_limited(void **state UNUSED)
{
	static const char json[] = "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4096}],"
				   "\"rdma\":{\"mlx5\":{\"hcaHandles\":3,\"hcaObjects\":10}}}";

	gives(limits_v1, json,
	      "hugetlb.2MB.limit_in_bytes=4096\nhugetlb.2MB.rsvd.limit_in_bytes=4096 optional\n"
	      "rdma.max=mlx5 hca_handle=3 hca_object=10\n");
	gives(limits_v2, json,
	      "hugetlb.2MB.max=4096\nhugetlb.2MB.rsvd.max=4096 optional\n"
	      "rdma.max=mlx5 hca_handle=3 hca_object=10\n");
}

static void unified_names_files_of_v2(void **state UNUSED)
{
	gives(limits_v2, "{\"unified\":{\"memory.high\":\"100\",\"pids.max\":\"7\"}}",
	      "memory.high=100\npids.max=7\n");
	refuses(limits_v2, "{\"unified\":{\"memory\":\"100\"}}",
		"linux.resources.unified.memory: not the name of a cgroup file");
	refuses(limits_v1, "{\"unified\":{\"memory.high\":\"100\"}}",
		"linux.resources.unified: this host has no cgroup v2 tree, whose files 'unified' "
		"names");
}

static int hybrid(const struct spec_resources *r, struct limits *ret, struct err *e)
{
	return limits_hybrid(r, "hugetlb cpuset", ret, e);
}

/* "at least one of" */
static void an_rdma_device_without_a_limit_is_refused(void **state UNUSED)
{
	static const char json[] = "{\"rdma\":{\"mlx5\":{}}}";

	refuses(limits_v1, json, "linux.resources.rdma.mlx5: it needs hcaHandles or hcaObjects");
	refuses(limits_v2, json, "linux.resources.rdma.mlx5: it needs hcaHandles or hcaObjects");
}

static void the_groups_below_are_counted_or_it_is_an_error(void **state UNUSED)
{
	static const char yes[] = "{\"memory\":{\"useHierarchy\":true}}",
			  no[] = "{\"memory\":{\"useHierarchy\":false}}";

	gives(limits_v1, yes, "memory.use_hierarchy=1 optional\n");
	gives(limits_v1, no, "memory.use_hierarchy=0\n");
	gives(limits_v2, yes, "");
	refuses(limits_v2, no,
		"linux.resources.memory.useHierarchy: cgroup v2 always counts the groups below");
}

/* A host whose v1 hierarchies lack two controllers, which are in its v2 tree. */
static void in_a_hybrid_layout_each_controller_is_where_it_is(void **state UNUSED)
{
	gives(hybrid,
	      "{\"cpu\":{\"shares\":512,\"cpus\":\"0\"},\"pids\":{\"limit\":7},"
	      "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}],"
	      "\"unified\":{\"hugetlb.1GB.max\":\"0\"}}",
	      "cpu.shares=512 optional\n"
	      "pids.max=7\n"
	      "v2 cpuset.cpus=0\n"
	      "v2 hugetlb.2MB.max=0\n"
	      "v2 hugetlb.2MB.rsvd.max=0 optional\n"
	      "v2 hugetlb.1GB.max=0\n");
}

static void an_idle_group_is_given_no_weight(void **state UNUSED)
{
	static const char json[] = "{\"cpu\":{\"shares\":512,\"idle\":1}}",
			  back[] = "{\"cpu\":{\"shares\":512,\"idle\":0}}";

	gives(limits_v1, json, "cpu.idle=1\n");
	gives(limits_v2, json, "cpu.idle=1\n");
	gives(limits_v1, back, "cpu.idle=0 optional\ncpu.shares=512 optional\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_that_ask_for_nothing_write_nothing),
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(no_swap_needs_no_swap_accounting),
		cmocka_unit_test(unlimited_memory_is_what_a_group_has_anyway),
		cmocka_unit_test(swap_without_limit_is_an_error),
		cmocka_unit_test(v1_only_values_are_errors_in_v2),
		cmocka_unit_test(cpu_is_limited),
		cmocka_unit_test(half_of_cpu_max_keeps_the_other_half),
		cmocka_unit_test(an_idle_group_gets_no_weight),
		cmocka_unit_test(shares_become_weights),
		cmocka_unit_test(zero_processes_would_forbid_init_itself),
		cmocka_unit_test(block_devices_are_limited),
		cmocka_unit_test(huge_pages_and_rdma_are_limited),
		cmocka_unit_test(unified_names_files_of_v2),
		cmocka_unit_test(in_a_hybrid_layout_each_controller_is_where_it_is),
		cmocka_unit_test(an_idle_group_is_given_no_weight),
		cmocka_unit_test(an_rdma_device_without_a_limit_is_refused),
		cmocka_unit_test(the_groups_below_are_counted_or_it_is_an_error),
	};

	return cmocka_run_group_tests_name("cgroup limits", tests, NULL, NULL);
}
