/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/layout.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/strbuf.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/tree.h"

static int list(const char *controllers, const char *mount, const char *root, void *ctx,
		struct err *e UNUSED)
{
	strbuf_addf(ctx, "[%s] %s %s\n", controllers, mount, root);
	return 0;
}

static void cgroup_mounts_are_told_from_others(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	char text[] =
		"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		"30 22 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755\n"
		"31 30 0:27 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw,nsdelegate\n"
		"32 30 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
		"rw,xattr,release_agent=/a,name=systemd\n"
		"33 30 0:29 /docker/x /sys/fs/cgroup/cpu,cpuacct rw shared:1 master:2 - cgroup c "
		"rw,cpu,cpuacct\n"
		"34 22 0:29 / /mnt/elsewhere rw - cgroup cgroup rw,memory\n"
		"35 22 0:30 / /sys/fs/cgroup/odd\\040name rw - cgroup cgroup rw,pids\n"
		"broken line\n"
		"36 22 - cgroup\n";

	assert_int_equal(layout_each_mount(text, list, &out, NULL), 0);
	assert_string_equal(strbuf_str(&out),
			    "[] /sys/fs/cgroup/unified /\n"
			    "[name=systemd] /sys/fs/cgroup/systemd /\n"
			    "[cpu,cpuacct] /sys/fs/cgroup/cpu,cpuacct /docker/x\n");
}

static void path_is(const char *controllers, const char *want)
{
	static const char text[] = "12:cpu,cpuacct:/user/a\n"
				   "9:name=systemd:/init:scope\n"
				   "3:cpuset:/\n"
				   "0::/user.slice/b";
	autofree char *got = layout_path_of(text, controllers);

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void the_own_path_is_found_by_any_controller(void **state UNUSED)
{
	path_is("", "/user.slice/b");
	path_is("cpuacct", "/user/a");
	path_is("cpu,cpuacct", "/user/a");
	path_is("name=systemd", "/init:scope");
	path_is("cpuset", "/");
	path_is("memory", NULL);
	path_is("cp", NULL);
}

/* ---- planning: reads where the hierarchies are, changes nothing ---- */

static struct cgroup *plan(const char *path, struct err *e)
{
	struct spec_linux lx = { .cgroups_path = path };
	struct runtime_spec spec = { .linux_ = &lx };
	struct cgroup *cg = NULL;
	enum cgroup_layout layout;

	if (cgroup_layout(&layout, NULL) < 0)
		skip();
	(void)cgroup_plan(&spec, "some-id", CGROUP_FS, false, &cg, e);
	return cg;
}

static void an_absolute_path_stands_below_every_mount(void **state UNUSED)
{
	auto_(cgroup) struct cgroup *cg = plan("/a//b/../c", NULL);

	assert_non_null(cg);
	assert_true(cg->n > 0);
	for (size_t i = 0; i < cg->n; i++)
		assert_string_equal(cg->trees[i].path, "/a/c");
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && streq(text + n - m, end);
}

static void an_absent_path_ends_in_the_id(void **state UNUSED)
{
	auto_(cgroup) struct cgroup *cg = plan(NULL, NULL);

	assert_non_null(cg);
	for (size_t i = 0; i < cg->n; i++)
		assert_true(ends_with(cg->trees[i].path, "/some-id"));
}

static void a_relative_path_can_not_climb(void **state UNUSED)
{
	auto_(cgroup) struct cgroup *flat = plan("x", NULL);
	auto_(cgroup) struct cgroup *climbing = plan("../../../x", NULL);

	assert_non_null(flat);
	assert_non_null(climbing);
	for (size_t i = 0; i < flat->n; i++)
		assert_string_equal(climbing->trees[i].path, flat->trees[i].path);
}

static void the_root_is_refused(void **state UNUSED)
{
	struct err e = { 0 };

	assert_null(plan("/x/..", &e));
	assert_string_equal(e.msg, "linux.cgroupsPath: '/x/..' is the root of the hierarchy");
}

static void the_systemd_driver_says_what_to_do(void **state UNUSED)
{
	struct runtime_spec spec = { 0 };
	struct cgroup *cg = NULL;
	struct err e = { 0 };

	/* Where it runs, the driver works. */
	if (access("/run/systemd/system", F_OK) == 0)
		skip();
	assert_true(cgroup_plan(&spec, "id", CGROUP_SYSTEMD, false, &cg, &e) < 0);
	assert_string_equal(e.msg, "systemd does not run this host ('/run/systemd/system' is "
				   "missing): use --cgroup-manager=cgroupfs");
}

static void disabled_cgroups_hold_no_limit(void **state UNUSED)
{
	struct spec_pids pids = { .limit = { true, 10 } };
	struct spec_resources resources = { .pids = &pids };
	struct spec_linux lx = { .resources = &resources };
	struct runtime_spec spec = { .linux_ = &lx };
	struct cgroup *cg = NULL;
	struct err e = { 0 };

	assert_int_equal(cgroup_plan(&spec, "id", CGROUP_DISABLED, false, &cg, &e), -EINVAL);
	assert_string_equal(e.msg, "linux.resources.pids.limit: cgroups are disabled "
				   "(--cgroup-manager=disabled)");
	pids.limit.v = -1;
	assert_int_equal(cgroup_plan(&spec, "id", CGROUP_DISABLED, false, &cg, NULL), 0);
	assert_int_equal(cg->n, 0);
	assert_int_equal(cgroup_make(cg, &resources, NULL), 0);
	assert_int_equal(cgroup_enter_self(cg, false, NULL), 0);
	assert_int_equal(cgroup_destroy(cg, NULL), 0);
	cgroup_free(cg);
}

static int decode(const char *text, struct err *e)
{
	struct arena a = { 0 };
	struct decode_opts opts = { 0 };
	struct cgroup *cg = NULL;
	void *rec = NULL;
	int r = oci_decode(&cgroup_record_type, "state", text, strlen(text), &opts, &a, &rec, e);

	if (r >= 0)
		r = cgroup_of_record(rec, &cg, e);
	cgroup_free(cg);
	arena_done(&a);
	return r;
}

static void a_state_file_that_leads_elsewhere_is_refused(void **state UNUSED)
{
#define TREE(mount, path)                                                                          \
	"{\"driver\":\"cgroupfs\",\"layout\":\"v2\",\"trees\":[{\"controllers\":\"\","             \
	"\"mount\":\"" mount "\",\"path\":\"" path "\"}]}"
	assert_int_equal(decode(TREE("/sys/fs/cgroup", "/a/b"), NULL), 0);
	assert_int_equal(decode(TREE("/sys/fs/cgroup", "/a/../.."), NULL), -EBADMSG);
	assert_int_equal(decode(TREE("/sys/fs/cgroup", "/"), NULL), -EBADMSG);
	assert_true(decode(TREE("/sys/fs/cgroup", "a"), NULL) < 0);
	assert_true(decode(TREE("cgroup", "/a"), NULL) < 0);
	assert_true(decode("{\"driver\":\"magic\",\"layout\":\"v2\",\"trees\":[]}", NULL) < 0);
	assert_true(decode("{}", NULL) < 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cgroup_mounts_are_told_from_others),
		cmocka_unit_test(the_own_path_is_found_by_any_controller),
		cmocka_unit_test(an_absolute_path_stands_below_every_mount),
		cmocka_unit_test(an_absent_path_ends_in_the_id),
		cmocka_unit_test(a_relative_path_can_not_climb),
		cmocka_unit_test(the_root_is_refused),
		cmocka_unit_test(the_systemd_driver_says_what_to_do),
		cmocka_unit_test(disabled_cgroups_hold_no_limit),
		cmocka_unit_test(a_state_file_that_leads_elsewhere_is_refused),
	};

	return cmocka_run_group_tests_name("cgroup layout", tests, NULL, NULL);
}
