/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of service: what is decided, and what is done in a directory that looks like resctrl. */
#include "runtime/resctrl/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "libutil/cleanup.h"
#include "libutil/dir.h"
#include "libutil/file.h"
#include "tests/unit/runtime/resctrl/fake.h"

struct world {
	struct arena arena;
	struct fake f;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || fake_open(&w->f) < 0)
		return -1;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	arena_done(&w->arena);
	fake_close(&w->f);
	free(w);
	return 0;
}

static struct resctrl decided(struct world *w, const struct spec_intel_rdt *rdt)
{
	struct resctrl r = { 0 };
	struct err e = { 0 };

	assert_int_equal(resctrl_decide(rdt, "web", &w->arena, &r, &e), 0);
	assert_string_equal(e.msg, "");
	return r;
}

static void lines_are_written_in_the_order_of_the_specification(void **state)
{
	const char *more[] = { "L2:0=f", "MB:1=70", NULL };
	const struct spec_intel_rdt rdt = { .mem_bw_schema = "MB:0=20",
					    .l3_cache_schema = "L3:0=7f0\nL3:1=f",
					    .schemata = { more, 2 } };
	struct resctrl r = decided(*state, &rdt);
	auto_(strbuf) struct strbuf out = { 0 };

	for (size_t i = 0; i < r.n_lines; i++)
		strbuf_addf(&out, "%s=%s|", r.lines[i].json + strlen("linux.intelRdt."),
			    r.lines[i].text);
	assert_string_equal(strbuf_str(&out),
			    "l3CacheSchema=L3:0=7f0|l3CacheSchema=L3:1=f|memBwSchema=MB:0=20|"
			    "schemata[0]=L2:0=f|schemata[1]=MB:1=70|");
}

static void the_class_is_named_by_closid_or_the_container(void **state)
{
	const struct spec_intel_rdt own = { .enable_monitoring = true },
				    named = { .clos_id = "gold" }, root = { .clos_id = "/" };

	assert_string_equal(decided(*state, &own).group, "web");
	assert_string_equal(decided(*state, &own).monitor, "web");
	assert_false(decided(*state, &own).named);
	assert_string_equal(decided(*state, &named).group, "gold");
	assert_null(decided(*state, &named).monitor);
	assert_true(decided(*state, &named).named);
	assert_string_equal(decided(*state, &root).group, ".");
}

static void a_directory_of_resctrl_itself_is_no_class(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = "mon_groups" };
	struct world *w = *state;
	struct resctrl r;
	struct err e = { 0 };

	assert_int_equal(resctrl_decide(&rdt, "web", &w->arena, &r, &e), -EINVAL);
	assert_string_equal(e.msg,
			    "linux.intelRdt.closID: 'mon_groups' is no class of service: resctrl "
			    "has it");
	assert_int_equal(resctrl_decide(&(struct spec_intel_rdt){ 0 }, "info", &w->arena, &r, NULL),
			 -EINVAL);
}

static void schemata_agree_by_what_they_mean(void **state UNUSED)
{
	static const char now[] = "    MB:0= 20;1=100\n    L3:0=7f0;1=01f\n";

	assert_true(resctrl_agrees("L3:0=7f0;1=1f", now));
	assert_true(resctrl_agrees("L3:1=1F", now));
	assert_true(resctrl_agrees("MB:1=0100;", now));
	assert_false(resctrl_agrees("L3:0=7f1", now));
	assert_false(resctrl_agrees("L3:2=1", now));
	assert_false(resctrl_agrees("L2:0=1", now));
	assert_false(resctrl_agrees("L3", now));
	assert_false(resctrl_agrees("L3:x", now));
	assert_false(resctrl_agrees("L3:0=7f0", ""));
}

static void a_class_that_is_there_must_say_the_same(void **state)
{
	struct spec_intel_rdt rdt = { .clos_id = "gold", .l3_cache_schema = "L3:0=f" };
	struct world *w = *state;
	struct resctrl r = decided(w, &rdt);
	struct err e = { 0 };

	fake_class(&w->f, "gold", "    L3:0=f;1=ff\n");
	assert_int_equal(resctrl_check(w->f.rootfd, &r, &e), 0);
	assert_false(r.make);
	rdt.l3_cache_schema = "L3:1=f";
	r = decided(w, &rdt);
	assert_int_equal(resctrl_check(w->f.rootfd, &r, &e), -EEXIST);
	assert_string_equal(e.msg,
			    "linux.intelRdt.l3CacheSchema: 'L3:1=f' is not what the class of "
			    "service 'gold' has, and it may be others' as well");
}

static void a_named_class_that_is_missing_needs_lines_to_be_made(void **state)
{
	struct spec_intel_rdt rdt = { .clos_id = "gold" };
	struct world *w = *state;
	struct resctrl r = decided(w, &rdt);
	struct err e = { 0 };

	assert_int_equal(resctrl_check(w->f.rootfd, &r, &e), -ENOENT);
	assert_non_null(
		strstr(e.msg, "linux.intelRdt.closID: resctrl has no class of service 'gold'"));
	rdt.l3_cache_schema = "L3:1=f";
	r = decided(w, &rdt);
	assert_int_equal(resctrl_check(w->f.rootfd, &r, NULL), 0);
	assert_true(r.make);
}

static void a_container_is_made_a_class_written_to_and_removed_with_it(void **state)
{
	const struct spec_intel_rdt rdt = { .mem_bw_schema = "MB:0=20", .enable_monitoring = true };
	struct world *w = *state;
	struct resctrl r = decided(w, &rdt);

	assert_int_equal(resctrl_check(w->f.rootfd, &r, NULL), 0);
	assert_int_equal(resctrl_make(w->f.rootfd, &r, NULL), 0);
	fake_class(&w->f, "web", "");
	assert_int_equal(resctrl_write(w->f.rootfd, &r, NULL), 0);
	fake_says(&w->f, "web/schemata", "MB:0=20\n");
	assert_int_equal(resctrl_monitor(w->f.rootfd, &r, NULL), 0);
	fake_put(&w->f, "web/mon_groups/web/tasks", "");
	assert_int_equal(resctrl_add(w->f.rootfd, &r, 4711, NULL), 0);
	fake_says(&w->f, "web/tasks", "4711\n");
	fake_says(&w->f, "web/mon_groups/web/tasks", "4711\n");
	/* resctrl's own files go with their directory; here they would be in the way. */
	assert_int_equal(unlinkat(w->f.rootfd, "web/mon_groups/web/tasks", 0), 0);
	assert_int_equal(resctrl_remove(w->f.rootfd, "web", "web", false, NULL), 0);
	assert_int_equal(faccessat(w->f.rootfd, "web/mon_groups/web", F_OK, 0), -1);
	assert_int_equal(faccessat(w->f.rootfd, "web", F_OK, 0), 0);
	assert_int_equal(unlinkat(w->f.rootfd, "web/tasks", 0), 0);
	assert_int_equal(unlinkat(w->f.rootfd, "web/schemata", 0), 0);
	assert_int_equal(unlinkat(w->f.rootfd, "web/mon_groups", AT_REMOVEDIR), 0);
	assert_int_equal(resctrl_remove(w->f.rootfd, "web", "web", true, NULL), 0);
	assert_int_equal(faccessat(w->f.rootfd, "web", F_OK, 0), -1);
	/* What is gone is fine. */
	assert_int_equal(resctrl_remove(w->f.rootfd, "web", "web", true, NULL), 0);
}

static void the_default_class_is_the_root(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = "/", .enable_monitoring = true };
	struct world *w = *state;
	struct resctrl r = decided(w, &rdt);

	fake_class(&w->f, ".", "L3:0=f\n");
	assert_int_equal(resctrl_check(w->f.rootfd, &r, NULL), 0);
	assert_int_equal(resctrl_make(w->f.rootfd, &r, NULL), 0);
	assert_int_equal(resctrl_monitor(w->f.rootfd, &r, NULL), 0);
	fake_put(&w->f, "mon_groups/web/tasks", "");
	assert_int_equal(resctrl_add(w->f.rootfd, &r, 12, NULL), 0);
	fake_says(&w->f, "tasks", "12\n");
	fake_says(&w->f, "mon_groups/web/tasks", "12\n");
	/* A second container of that name has no monitoring group to make. */
	assert_int_equal(resctrl_monitor(w->f.rootfd, &r, NULL), -EEXIST);
}

static void a_refused_line_is_told_in_the_kernels_words(void **state)
{
	const struct spec_intel_rdt rdt = { .l3_cache_schema = "L3:0=5" };
	struct world *w = *state;
	struct resctrl r = decided(w, &rdt);
	struct err e = { 0 };

	fake_class(&w->f, "web", "");
	assert_int_equal(unlinkat(w->f.rootfd, "web/schemata", 0), 0);
	/* A file that refuses every write. */
	assert_int_equal(symlinkat("/dev/full", w->f.rootfd, "web/schemata"), 0);
	assert_int_equal(mkdirat(w->f.rootfd, "info", 0755), 0);
	fake_put(&w->f, "info/last_cmd_status", "mask 5 has non-consecutive 1-bits\n");
	assert_int_equal(resctrl_write(w->f.rootfd, &r, &e), -ENOSPC);
	assert_string_equal(e.msg,
			    "linux.intelRdt.l3CacheSchema: write 'L3:0=5' to 'schemata': mask 5 "
			    "has non-consecutive 1-bits");
}

static void old_lines_are_put_back(void **state)
{
	struct world *w = *state;
	autofree char *old = NULL;

	fake_class(&w->f, "web", "L3:0=f;1=1\nMB:0=10\n");
	old = resctrl_remember(w->f.rootfd, "web");
	fake_put(&w->f, "web/schemata", "");
	resctrl_put_back(w->f.rootfd, "web", old);
	fake_says(&w->f, "web/schemata", "L3:0=f;1=1\nMB:0=10\n");
	assert_null(resctrl_remember(w->f.rootfd, "none"));
	resctrl_put_back(w->f.rootfd, "none", NULL);
}

static void without_resctrl_the_error_says_what_to_do(void **state UNUSED)
{
	struct err e = { 0 };
	int fd = resctrl_open(NULL, &e);

	if (fd >= 0) {
		(void)close(fd);
		skip();
	}
	assert_int_equal(fd, -ENODEV);
	assert_string_equal(e.msg,
			    "linux.intelRdt: no resctrl is mounted (on a processor that has it: "
			    "mount -t resctrl resctrl /sys/fs/resctrl)");
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

static void put_deep(const struct world *w, const char *dir, const char *file, const char *text)
{
	autofree char *path = xasprintf("%s/%s", dir, file);

	assert_int_equal(dir_make_all_at(w->f.rootfd, dir, 0700, NULL), 0);
	fake_put(&w->f, path, text);
}

static void statistics_are_told_with_the_keys_of_runc(void **state)
{
	const struct world *w = *state;
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer j = { .out = &out };

	fake_put(&w->f, "schemata", "    MB:0=100\n    L3:0=fffff\n");
	put_deep(w, "info/L3", "cbm_mask", "fffff\n");
	put_deep(w, "info/L3", "min_cbm_bits", "1\n");
	put_deep(w, "info/MB", "min_bandwidth", "10\n");
	put_deep(w, "info/MB", "delay_linear", "0\n");
	put_deep(w, "info/L3_MON", "mon_features", "llc_occupancy\nmbm_total_bytes\n");
	put_deep(w, "web", "schemata", "    MB:0=50\n    L3:0=7f\n");
	put_deep(w, "web/mon_groups/c1/mon_data/mon_L3_01", "llc_occupancy", "7\n");
	put_deep(w, "web/mon_groups/c1/mon_data/mon_L3_00", "llc_occupancy", "4096\n");
	put_deep(w, "web/mon_groups/c1/mon_data/mon_L3_00", "mbm_total_bytes", "Unavailable\n");
	put_deep(w, "web/mon_groups/c1/mon_data/mon_L3_00", "mbm_local_bytes", "12\n");
	json_object(&j);
	resctrl_encode(w->f.rootfd, "web", "c1", &j);
	json_object_end(&j);
	assert_string_equal(
		strbuf_str(&out),
		"{\"l3_cache_info\":{\"cbm_mask\":\"fffff\",\"min_cbm_bits\":1},"
		"\"l3_cache_schema_root\":\"L3:0=fffff\",\"l3_cache_schema\":\"L3:0=7f\","
		"\"mem_bw_info\":{\"min_bandwidth\":10},\"mem_bw_schema_root\":\"MB:0=100\","
		"\"mem_bw_schema\":\"MB:0=50\",\"schemata\":[\"MB:0=50\",\"L3:0=7f\"],"
		"\"mbm_stats\":[{\"mbm_total_bytes\":0,\"mbm_local_bytes\":12},"
		"{\"mbm_total_bytes\":0,\"mbm_local_bytes\":0}],"
		"\"cmt_stats\":[{\"llc_occupancy\":4096},{\"llc_occupancy\":7}]}");
}

static void a_class_that_is_gone_has_no_statistics(void **state)
{
	const struct world *w = *state;
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer j = { .out = &out };

	json_object(&j);
	resctrl_encode(w->f.rootfd, "gone", NULL, &j);
	json_object_end(&j);
	assert_string_equal(strbuf_str(&out), "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(lines_are_written_in_the_order_of_the_specification),
		EACH(the_class_is_named_by_closid_or_the_container),
		EACH(a_directory_of_resctrl_itself_is_no_class),
		EACH(schemata_agree_by_what_they_mean),
		EACH(a_class_that_is_there_must_say_the_same),
		EACH(a_named_class_that_is_missing_needs_lines_to_be_made),
		EACH(a_container_is_made_a_class_written_to_and_removed_with_it),
		EACH(the_default_class_is_the_root),
		EACH(a_refused_line_is_told_in_the_kernels_words),
		EACH(old_lines_are_put_back),
		EACH(without_resctrl_the_error_says_what_to_do),
		EACH(statistics_are_told_with_the_keys_of_runc),
		EACH(a_class_that_is_gone_has_no_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
