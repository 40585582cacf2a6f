/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and annotations of config.json to properties of a scope: "name=value" lines, in order. */
#include "runtime/cgroup/systemd_props.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/systemd/gvariant.h"

static void write_props(const struct props *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->n; i++) {
		struct gvariant *v = NULL;

		/* Whatever is decided here, the helper must be able to read. */
		assert_true(property_name_ok(p->v[i].name));
		assert_int_equal(gvariant_parse(p->v[i].text, p->arena, &v, NULL), 0);
		strbuf_addf(out, "%s=%s%s\n", p->v[i].name, p->v[i].text,
			    p->v[i].optional ? " optional" : "");
	}
}

static void limits_give(const char *json, const char *cpu_max, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };
	auto_(limits) struct limits l = { 0 };
	struct spec_resources *r = NULL;
	struct arena a = { 0 };
	struct props p = { .arena = &a };

	assert_int_equal(spec_resources_decode("test", json, strlen(json), &a, &r, NULL), 0);
	assert_int_equal(limits_v2(r, &l, NULL), 0);
	props_add_limits(&p, &l, cpu_max, !cpu_max);
	write_props(&p, &out);
	assert_string_equal(strbuf_str(&out), want);
	arena_done(&a);
}

static void memory_and_pids_become_bytes_and_tasks(void **state UNUSED)
{
	limits_give("{\"memory\":{\"limit\":67108864,\"swap\":134217728,\"reservation\":1048576},"
		    "\"pids\":{\"limit\":100}}",
		    NULL,
		    "MemorySwapMax=uint64 67108864\n"
		    "MemoryMax=uint64 67108864\n"
		    "MemoryLow=uint64 1048576\n"
		    "TasksMax=uint64 100\n");
	limits_give("{\"memory\":{\"limit\":-1},\"pids\":{\"limit\":-1}}", NULL,
		    "MemorySwapMax=uint64 18446744073709551615\n"
		    "MemoryMax=uint64 18446744073709551615\n"
		    "TasksMax=uint64 18446744073709551615\n");
}

static void a_quota_is_time_per_second_in_whole_percents_not_less(void **state UNUSED)
{
	limits_give("{\"cpu\":{\"quota\":25500,\"period\":100000}}", NULL,
		    "CPUQuotaPerSecUSec=uint64 260000\nCPUQuotaPeriodUSec=uint64 100000\n");
	limits_give("{\"cpu\":{\"quota\":20000}}", NULL,
		    "CPUQuotaPerSecUSec=uint64 200000\nCPUQuotaPeriodUSec=uint64 100000\n");
	limits_give("{\"cpu\":{\"quota\":1000,\"period\":1000000}}", NULL,
		    "CPUQuotaPerSecUSec=uint64 10000\nCPUQuotaPeriodUSec=uint64 1000000\n");
	limits_give("{\"cpu\":{\"quota\":-1}}", NULL,
		    "CPUQuotaPerSecUSec=uint64 18446744073709551615\n"
		    "CPUQuotaPeriodUSec=uint64 100000\n");
	limits_give("{\"cpu\":{\"period\":50000}}", NULL,
		    "CPUQuotaPerSecUSec=uint64 18446744073709551615\n"
		    "CPUQuotaPeriodUSec=uint64 50000\n");
}

/* update --cpu-period: the quota is what the file says. */
static void a_period_alone_keeps_the_quota_of_the_file(void **state UNUSED)
{
	limits_give("{\"cpu\":{\"period\":50000}}", "20000 50000",
		    "CPUQuotaPerSecUSec=uint64 400000\nCPUQuotaPeriodUSec=uint64 50000\n");
}

static void cpus_become_bytes_with_the_lowest_first(void **state UNUSED)
{
	limits_give("{\"cpu\":{\"cpus\":\"0-2,9\",\"mems\":\"0\"}}", NULL,
		    "AllowedCPUs=@ay [7, 2]\nAllowedMemoryNodes=@ay [1]\n");
	limits_give("{\"cpu\":{\"cpus\":\"70\"}}", NULL,
		    "AllowedCPUs=@ay [0, 0, 0, 0, 0, 0, 0, 0, 64]\n");
}

static void weights_and_idleness(void **state UNUSED)
{
	limits_give("{\"cpu\":{\"shares\":1024}}", NULL, "CPUWeight=uint64 100\n");
	limits_give("{\"cpu\":{\"idle\":1}}", NULL, "CPUWeight=uint64 0\n");
	limits_give("{\"cpu\":{\"idle\":0}}", NULL, "");
	limits_give("{\"blockIO\":{\"weight\":10}}", NULL, "IOWeight=uint64 1\n");
}

static void rates_of_several_devices_share_a_property(void **state UNUSED)
{
	limits_give("{\"blockIO\":{\"throttleReadBpsDevice\":"
		    "[{\"major\":8,\"minor\":0,\"rate\":1024},{\"major\":8,\"minor\":16,"
		    "\"rate\":0}],"
		    "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],"
		    "\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1000}]}}",
		    NULL,
		    "IODeviceWeight=@a(st) [('/dev/block/8:0', 10000)]\n"
		    "IOReadBandwidthMax=@a(st) [('/dev/block/8:0', 1024), "
		    "('/dev/block/8:16', 18446744073709551615)]\n"
		    "IOWriteIOPSMax=@a(st) [('/dev/block/8:0', 5)]\n");
}

/* They are files of systemd's too: what it was not told it takes back on a daemon-reload. */
static void unified_files_are_told_as_well(void **state UNUSED)
{
	limits_give("{\"unified\":{\"memory.high\":\"32M\",\"memory.min\":\"max\","
		    "\"memory.zswap.max\":\"0\",\"memory.oom.group\":\"1\","
		    "\"io.max\":\"8:0 rbps=1 wiops=max\\n8:16 wbps=2\","
		    "\"cpu.max\":\"max 50000\",\"hugetlb.2MB.max\":\"0\",\"cpu.weight\":\"7\"}}",
		    NULL,
		    "MemoryHigh=uint64 33554432\n"
		    "MemoryMin=uint64 18446744073709551615\n"
		    "MemoryZSwapMax=uint64 0 optional\n"
		    "OOMPolicy='kill' optional\n"
		    "IOReadBandwidthMax=@a(st) [('/dev/block/8:0', 1)]\n"
		    "IOWriteIOPSMax=@a(st) [('/dev/block/8:0', 18446744073709551615)]\n"
		    "IOWriteBandwidthMax=@a(st) [('/dev/block/8:16', 2)]\n"
		    "CPUQuotaPerSecUSec=uint64 18446744073709551615\n"
		    "CPUQuotaPeriodUSec=uint64 50000\n"
		    "CPUWeight=uint64 7\n");
}

static void an_oom_policy_is_for_the_start_only(void **state UNUSED)
{
	limits_give("{\"unified\":{\"memory.oom.group\":\"1\"}}", "max 100000", "");
}

static void values_only_the_kernel_can_judge_make_no_property(void **state UNUSED)
{
	limits_give("{\"unified\":{\"memory.max\":\"lots\",\"cpu.max\":\"1 0\","
		    "\"io.max\":\"../x rbps=1\",\"io.weight\":\"a b\",\"cpuset.cpus\":\"x\"}}",
		    NULL, "");
}

static int annotate(const char *name, const char *value, struct strbuf *out, struct err *e)
{
	struct oci_pair pair = { .key = name, .value = value };
	struct oci_strmap map = { .items = &pair, .n = 1 };
	struct arena a = { 0 };
	struct props p = { .arena = &a };
	int r = props_add_annotations(&p, &map, e);

	if (r == 0)
		write_props(&p, out);
	arena_done(&a);
	return r;
}

static void annotation_gives(const char *name, const char *value, const char *want)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };
	int r = annotate(name, value, &out, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(r, 0);
	assert_string_equal(strbuf_str(&out), want);
}

static void annotation_refused(const char *name, const char *value, const char *why)
{
	auto_(strbuf) struct strbuf out = { 0 };
	autofree char *message = xasprintf("annotations.%s: '%s': %s", name, value, why);
	struct err e = { 0 };

	assert_int_equal(annotate(name, value, &out, &e), -EINVAL);
	assert_string_equal(e.msg, message);
}

#define P "org.systemd.property."

static void annotations_become_properties(void **state UNUSED)
{
	annotation_gives(P "CollectMode", "'inactive'", "CollectMode='inactive'\n");
	annotation_gives(P "After", "['a.service', 'b.service']",
			 "After=['a.service', 'b.service']\n");
	annotation_gives("org.systemd.other", "x", "");
}

static void seconds_become_microseconds(void **state UNUSED)
{
	annotation_gives(P "TimeoutStopSec", "uint64 5", "TimeoutStopUSec=uint64 5000000\n");
	annotation_gives(P "TimeoutStopSec", "1.5", "TimeoutStopUSec=uint64 1500000\n");
	annotation_gives(P "TimeoutStopUSec", "uint64 7", "TimeoutStopUSec=uint64 7\n");
	annotation_refused(P "TimeoutStopSec", "-1", "not a number of seconds");
	annotation_refused(P "TimeoutStopSec", "'1min'", "not a number of seconds");
	annotation_refused(P "TimeoutStopSec", "uint64 18446744073709551615",
			   "not a number of seconds");
}

static void an_annotation_can_only_name_a_property(void **state UNUSED)
{
	static const char letters[] = "the name of a property is made of letters";

	annotation_refused(P, "true", letters);
	annotation_refused(P "Exec-Start", "true", letters);
	annotation_refused(P "A b", "true", letters);
	annotation_refused(P "X\nunit evil.scope", "true", letters);
	annotation_refused(P "CPUWeight", "uint64", "column 7: not a value");
	annotation_refused(P "Description", "'a\nb'",
			   "column 6: control characters are not allowed");
}

/* Another process's pid would be killed with the container. */
static void what_the_driver_decides_cannot_be_annotated(void **state UNUSED)
{
	static const char *const names[] = { P "PIDs", P "Slice", P "Delegate", P "Controller" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		annotation_refused(names[i], "@au [1]", "creel decides this property itself");
}

static void a_scope_is_delegated_and_described(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct arena a = { 0 };
	struct props p = { .arena = &a };

	props_add_scope(&p, "web", "machine.slice", 4711);
	write_props(&p, &out);
	assert_string_equal(strbuf_str(&out), "Description='creel container web'\n"
					      "Slice='machine.slice'\n"
					      "PIDs=@au [4711]\n"
					      "DefaultDependencies=false\n"
					      "CollectMode='inactive-or-failed'\n"
					      "Delegate=true\n"
					      "CPUAccounting=true\n"
					      "MemoryAccounting=true\n"
					      "IOAccounting=true\n"
					      "TasksAccounting=true\n");
	arena_done(&a);
}

static void a_later_value_takes_the_place_of_an_earlier_one(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct arena a = { 0 };
	struct props p = { .arena = &a }, q = { .arena = &a };

	props_set(&p, "TasksMax", "uint64 1");
	props_set(&p, "CPUWeight", "uint64 2");
	props_set(&q, "TasksMax", "uint64 3");
	props_copy(&p, &q);
	write_props(&p, &out);
	assert_string_equal(strbuf_str(&out), "TasksMax=uint64 3\nCPUWeight=uint64 2\n");
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_and_pids_become_bytes_and_tasks),
		cmocka_unit_test(a_quota_is_time_per_second_in_whole_percents_not_less),
		cmocka_unit_test(a_period_alone_keeps_the_quota_of_the_file),
		cmocka_unit_test(cpus_become_bytes_with_the_lowest_first),
		cmocka_unit_test(weights_and_idleness),
		cmocka_unit_test(rates_of_several_devices_share_a_property),
		cmocka_unit_test(unified_files_are_told_as_well),
		cmocka_unit_test(an_oom_policy_is_for_the_start_only),
		cmocka_unit_test(values_only_the_kernel_can_judge_make_no_property),
		cmocka_unit_test(annotations_become_properties),
		cmocka_unit_test(seconds_become_microseconds),
		cmocka_unit_test(an_annotation_can_only_name_a_property),
		cmocka_unit_test(what_the_driver_decides_cannot_be_annotated),
		cmocka_unit_test(a_scope_is_delegated_and_described),
		cmocka_unit_test(a_later_value_takes_the_place_of_an_earlier_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
