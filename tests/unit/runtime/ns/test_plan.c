/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns/plan.h"

#include <errno.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A spec with the namespaces given, nothing else. */
struct fixture {
	struct runtime_spec spec;
	struct spec_linux linux_;
	struct spec_namespace ns[OCI_NS_COUNT];
};

static struct runtime_spec *with(struct fixture *f, const struct spec_namespace *ns, size_t n)
{
	*f = (struct fixture){ 0 };
	memcpy(f->ns, ns, n * sizeof(*ns));
	f->linux_.namespaces = (struct oci_array){ .items = f->ns, .n = n };
	f->spec.linux_ = &f->linux_;
	return &f->spec;
}
#define WITH(f, ...)                                                                               \
	with(f, (struct spec_namespace[]){ __VA_ARGS__ },                                          \
	     sizeof((struct spec_namespace[]){ __VA_ARGS__ }) / sizeof(struct spec_namespace))

static struct spec_id_mapping one_mapping = { .size = { .set = true, .v = 1 } };

static void map(struct fixture *f)
{
	f->linux_.uid_mappings = (struct oci_array){ .items = &one_mapping, .n = 1 };
	f->linux_.gid_mappings = (struct oci_array){ .items = &one_mapping, .n = 1 };
}

static void refused(const struct runtime_spec *spec, const char *words)
{
	struct ns_plan p = { 0 };
	struct err e = { 0 };

	assert_int_equal(ns_plan_make(spec, &p, &e), -EINVAL);
	assert_string_equal(e.msg, words);
}

static void new_namespaces_are_flags_of_the_clone(void **state UNUSED)
{
	struct fixture f;
	struct ns_plan p = { 0 };

	assert_int_equal(
		ns_plan_make(WITH(&f, { OCI_NS_PID, NULL }, { OCI_NS_MOUNT, NULL }), &p, NULL), 0);
	assert_int_equal(p.clone_flags, CLONE_NEWPID | CLONE_NEWNS);
	assert_int_equal(p.late_flags, 0);
	assert_false(p.intermediate);
	assert_true(p.has[OCI_NS_PID] && p.is_new[OCI_NS_PID]);
	assert_false(p.has[OCI_NS_NETWORK]);
}

static void cgroup_and_time_namespaces_are_made_late(void **state UNUSED)
{
	struct fixture f;
	struct ns_plan p = { 0 };

	assert_int_equal(
		ns_plan_make(WITH(&f, { OCI_NS_CGROUP, NULL }, { OCI_NS_TIME, NULL }), &p, NULL),
		0);
	assert_int_equal(p.clone_flags, 0);
	assert_int_equal(p.late_flags, ns_clone_flag(OCI_NS_CGROUP) | ns_clone_flag(OCI_NS_TIME));
}

static void no_namespaces_at_all_is_a_plan(void **state UNUSED)
{
	struct runtime_spec spec = { 0 };
	struct ns_plan p = { 0 };

	assert_int_equal(ns_plan_make(&spec, &p, NULL), 0);
	assert_int_equal(p.clone_flags, 0);
}

static void the_user_namespace_is_joined_first_and_the_mount_namespace_last(void **state UNUSED)
{
	struct fixture f;
	struct ns_plan p = { 0 };

	assert_int_equal(ns_plan_make(WITH(&f, { OCI_NS_MOUNT, "/m" }, { OCI_NS_NETWORK, "/n" },
					   { OCI_NS_USER, "/u" }),
				      &p, NULL),
			 0);
	assert_int_equal(p.n_joins, 3);
	assert_int_equal(p.joins[0].type, OCI_NS_USER);
	assert_string_equal(p.joins[0].path, "/u");
	assert_int_equal(p.joins[1].type, OCI_NS_NETWORK);
	assert_int_equal(p.joins[2].type, OCI_NS_MOUNT);
}

static void a_joined_user_namespace_needs_an_intermediate(void **state UNUSED)
{
	struct fixture f;
	struct ns_plan p = { 0 };

	assert_int_equal(
		ns_plan_make(WITH(&f, { OCI_NS_USER, "/u" }, { OCI_NS_PID, NULL }), &p, NULL), 0);
	assert_true(p.intermediate);
	assert_int_equal(p.clone_flags, CLONE_NEWPID);
	assert_false(p.new_userns);
}

static void a_new_user_namespace_with_joins_needs_an_intermediate(void **state UNUSED)
{
	struct fixture f;
	struct ns_plan p = { 0 };

	(void)WITH(&f, { OCI_NS_USER, NULL }, { OCI_NS_NETWORK, "/n" });
	map(&f);
	assert_int_equal(ns_plan_make(&f.spec, &p, NULL), 0);
	assert_true(p.intermediate);
	assert_true(p.new_userns);
	assert_int_equal(p.clone_flags, CLONE_NEWUSER);
}

static void a_pid_namespace_is_joined_before_the_clone(void **state UNUSED)
{
	struct fixture f;
	struct ns_plan p = { 0 };

	assert_int_equal(ns_plan_make(WITH(&f, { OCI_NS_PID, "/p" }), &p, NULL), 0);
	assert_string_equal(p.pid_path, "/p");
	assert_int_equal(p.n_joins, 0);
	assert_int_equal(p.clone_flags, 0);
	assert_false(p.intermediate);
}

static void names_need_a_uts_namespace(void **state UNUSED)
{
	struct runtime_spec spec = { .hostname = "h" };

	refused(&spec, "hostname: needs a uts namespace in linux.namespaces, it would change the "
		       "host");
	spec = (struct runtime_spec){ .domainname = "d" };
	refused(&spec, "domainname: needs a uts namespace in linux.namespaces, it would change the "
		       "host");
}

static void mounts_need_a_mount_namespace(void **state UNUSED)
{
	struct spec_mount m = { .destination = "/x" };
	struct runtime_spec spec = { .mounts = { .items = &m, .n = 1 } };

	refused(&spec,
		"mounts: needs a mount namespace in linux.namespaces, it would change the host");
}

static void mappings_need_a_user_namespace(void **state UNUSED)
{
	struct fixture f;

	(void)WITH(&f, { OCI_NS_PID, NULL });
	map(&f);
	refused(&f.spec, "linux.uidMappings: needs a user namespace in linux.namespaces, it would "
			 "change the host");
}

static void mappings_beside_a_joined_user_namespace_are_accepted(void **state UNUSED)
{
	struct fixture f;
	struct ns_plan p = { 0 };

	(void)WITH(&f, { OCI_NS_USER, "/u" });
	map(&f);
	assert_int_equal(ns_plan_make(&f.spec, &p, NULL), 0);
}

static void a_new_user_namespace_needs_mappings(void **state UNUSED)
{
	struct fixture f;

	refused(WITH(&f, { OCI_NS_USER, NULL }),
		"linux.uidMappings: a new user namespace needs at least one mapping");
}

static void time_offsets_need_a_new_time_namespace(void **state UNUSED)
{
	struct fixture f;
	struct spec_time_offset o = { .key = "boottime" };

	(void)WITH(&f, { OCI_NS_TIME, "/t" });
	f.linux_.time_offsets = (struct oci_array){ .items = &o, .n = 1 };
	refused(&f.spec, "linux.timeOffsets: needs a new time namespace, not one that is joined by "
			 "path");
}

static void exec_joins_what_the_container_has_whoever_made_it(void **state UNUSED)
{
	struct fixture f;
	struct ns_plan p = { 0 };

	ns_plan_exec(WITH(&f, { OCI_NS_PID, NULL }, { OCI_NS_NETWORK, "/n" }), &p);
	assert_true(p.has[OCI_NS_PID] && p.has[OCI_NS_NETWORK]);
	assert_false(p.has[OCI_NS_UTS]);
	assert_int_equal(p.clone_flags | p.late_flags, 0);
	assert_int_equal(p.n_joins, 0);
	assert_true(p.intermediate);
	ns_plan_exec(WITH(&f, { OCI_NS_USER, NULL }), &p);
	assert_true(p.intermediate);
	/* Without either, one clone will do. */
	ns_plan_exec(WITH(&f, { OCI_NS_NETWORK, NULL }), &p);
	assert_false(p.intermediate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_namespaces_are_flags_of_the_clone),
		cmocka_unit_test(cgroup_and_time_namespaces_are_made_late),
		cmocka_unit_test(no_namespaces_at_all_is_a_plan),
		cmocka_unit_test(the_user_namespace_is_joined_first_and_the_mount_namespace_last),
		cmocka_unit_test(a_joined_user_namespace_needs_an_intermediate),
		cmocka_unit_test(a_new_user_namespace_with_joins_needs_an_intermediate),
		cmocka_unit_test(a_pid_namespace_is_joined_before_the_clone),
		cmocka_unit_test(names_need_a_uts_namespace),
		cmocka_unit_test(mounts_need_a_mount_namespace),
		cmocka_unit_test(mappings_need_a_user_namespace),
		cmocka_unit_test(mappings_beside_a_joined_user_namespace_are_accepted),
		cmocka_unit_test(a_new_user_namespace_needs_mappings),
		cmocka_unit_test(time_offsets_need_a_new_time_namespace),
		cmocka_unit_test(exec_joins_what_the_container_has_whoever_made_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
