/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/systemd/unit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define PATH "config.json: linux.cgroupsPath: "

static void is_at(const char *path, const char *id, const char *slice, const char *scope)
{
	struct arena a = { 0 };
	struct unit_place place = { 0 };
	struct err e = { 0 };
	int r = unit_place(path, id, "system.slice", &a, &place, &e);

	assert_string_equal(e.msg, "");
	assert_int_equal(r, 0);
	assert_string_equal(place.slice, slice);
	assert_string_equal(place.scope, scope);
	arena_done(&a);
}

static void is_refused(const char *path, int code, const char *message)
{
	struct arena a = { 0 };
	struct unit_place place = { 0 };
	struct err e = { 0 };

	assert_int_equal(unit_place(path, "web", "system.slice", &a, &place, &e), -code);
	assert_string_equal(e.msg, message);
	assert_null(place.scope);
	arena_done(&a);
}

/* What Docker, Podman and the kubelet send. */
static void three_parts_name_slice_and_scope(void **state UNUSED)
{
	is_at("system.slice:docker:4f1e", "x", "system.slice", "docker-4f1e.scope");
	is_at("machine.slice:libpod:4f1e", "x", "machine.slice", "libpod-4f1e.scope");
	is_at("kubepods-besteffort-pod1.slice:cri-containerd:4f1e", "x",
	      "kubepods-besteffort-pod1.slice", "cri-containerd-4f1e.scope");
	is_at("-.slice::web", "x", "-.slice", "web.scope");
	is_at(":creel:web", "x", "system.slice", "creel-web.scope");
}

static void without_a_path_the_id_names_the_scope(void **state UNUSED)
{
	is_at(NULL, "web", "system.slice", "creel-web.scope");
	is_at("", "web", "system.slice", "creel-web.scope");
	is_at(NULL, "a+b", "system.slice", "creel-a\\x2bb.scope");
}

static void anything_but_three_parts_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "/creel/web", "web", "a.slice:web", "a.slice:b:c:d",
					   "a.slice:b:", "::",  "a.slice:" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autofree char *message = xasprintf(
			PATH "'%s' is not 'slice:prefix:name', which the systemd driver needs "
			     "(--cgroup-manager=cgroupfs takes paths)",
			bad[i]);

		is_refused(bad[i], EINVAL, message);
	}
}

static void names_systemd_would_not_take_are_refused(void **state UNUSED)
{
	is_refused("a.slice:b:c/d", EINVAL,
		   PATH "'a.slice:b:c/d': systemd takes no unit 'b-c/d.scope': letters, digits and "
			"':-_.\\@' make its names");
	is_refused("a.slice:b:c d", EINVAL,
		   PATH "'a.slice:b:c d': systemd takes no unit 'b-c d.scope': letters, digits and "
			"':-_.\\@' make its names");
	is_refused("a.slice:b:c.slice", EINVAL,
		   PATH
		   "'a.slice:b:c.slice': a slice holds units, a container needs a scope in it");
}

static void a_name_may_be_as_long_as_a_file_name(void **state UNUSED)
{
	autofree char *path = xasprintf("a.slice::%0*d", 249, 1);
	autofree char *longer = xasprintf("a.slice::%0*d", 250, 1);
	struct arena a = { 0 };
	struct unit_place place = { 0 };

	assert_int_equal(unit_place(path, "x", "system.slice", &a, &place, NULL), 0);
	assert_int_equal(unit_place(longer, "x", "system.slice", &a, &place, NULL), -ENAMETOOLONG);
	arena_done(&a);
}

static void each_dash_of_a_slice_is_a_step_down(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{ "system.slice", "/system.slice" },
		{ "a-b.slice", "/a.slice/a-b.slice" },
		{ "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice" },
		{ "-.slice", "/" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *path = unit_slice_path(rows[i][0]);

		assert_string_equal(path, rows[i][1]);
	}
}

static void what_is_no_slice_has_no_path(void **state UNUSED)
{
	static const char *const bad[] = { "",          ".slice",     "a",         "a.scope",
					   "a/b.slice", "-a.slice",   "a-.slice",  "a--b.slice",
					   "--.slice",  "../x.slice", "a b.slice", "..slice" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autofree char *path = unit_slice_path(bad[i]);

		assert_null(path);
	}
}

static void only_a_slice_of_the_path_is_looked_at(void **state UNUSED)
{
	is_refused("a--b.slice:x:y", EINVAL,
		   PATH "'a--b.slice' is not the name of a slice, like 'machine.slice' or "
			"'a-b.slice' (b inside a)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_parts_name_slice_and_scope),
		cmocka_unit_test(without_a_path_the_id_names_the_scope),
		cmocka_unit_test(anything_but_three_parts_is_refused),
		cmocka_unit_test(names_systemd_would_not_take_are_refused),
		cmocka_unit_test(a_name_may_be_as_long_as_a_file_name),
		cmocka_unit_test(each_dash_of_a_slice_is_a_step_down),
		cmocka_unit_test(what_is_no_slice_has_no_path),
		cmocka_unit_test(only_a_slice_of_the_path_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
