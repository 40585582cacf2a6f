/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/copy/place.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void check(const char *text, enum place_kind kind, const char *path, const char *name,
		  int index)
{
	auto_(place) struct place p = { 0 };

	assert_int_equal(place_parse(text, &p, NULL), 0);
	assert_int_equal(p.kind, kind);
	assert_int_equal(p.index, index);
	if (path)
		assert_string_equal(p.path, path);
	else
		assert_null(p.path);
	if (name)
		assert_string_equal(p.name, name);
	else
		assert_null(p.name);
}

static void places_are_spelled_as_skopeo_has_them(void **state UNUSED)
{
	check("docker://host:5000/a/b:1", PLACE_REGISTRY, NULL, "host:5000/a/b:1", -1);
	check("oci:/dir", PLACE_OCI, "/dir", NULL, -1);
	check("oci:dir:", PLACE_OCI, "dir", NULL, -1);
	check("oci:dir:name:tag", PLACE_OCI, "dir", "name:tag", -1);
	check("oci-archive:f.tar:n", PLACE_OCI_ARCHIVE, "f.tar", "n", -1);
	check("oci-archive:-", PLACE_OCI_ARCHIVE, "-", NULL, -1);
	check("docker-archive:f:a/b:1", PLACE_DOCKER_ARCHIVE, "f", "a/b:1", -1);
	check("docker-archive:f:@3", PLACE_DOCKER_ARCHIVE, "f", NULL, 3);
	check("dir:a:b", PLACE_DIR, "a:b", NULL, -1);
	check("creel:a:1", PLACE_STORE, NULL, "a:1", -1);
}

static void a_name_without_a_word_is_of_the_store(void **state UNUSED)
{
	check("nginx", PLACE_STORE, NULL, "nginx", -1);
	check("docker:27-dind", PLACE_STORE, NULL, "docker:27-dind", -1);
	check("host:5000/oci:1", PLACE_STORE, NULL, "host:5000/oci:1", -1);
	assert_false(place_is_spelled_out("nginx"));
	assert_false(place_is_spelled_out("docker:27"));
	assert_true(place_is_spelled_out("docker://a"));
	assert_true(place_is_spelled_out("oci:a"));
}

static void fails(const char *text, const char *why)
{
	auto_(place) struct place p = { 0 };
	struct err e = { 0 };

	assert_int_equal(place_parse(text, &p, &e), -EINVAL);
	assert_non_null(strstr(e.msg, why));
}

static void what_is_no_place_says_what_to_do(void **state UNUSED)
{
	fails("docker://", "docker://NAME");
	fails("oci:", "wants a path");
	fails("oci::name", "wants a path");
	fails("dir:", "wants a directory");
	fails("creel:", "wants the name");
	fails("docker-archive:f:@x", "no position");
	fails("docker-archive:f:@-1", "no position");
	fails("containers-storage:a", "podman save");
	fails("docker-daemon:a", "docker save");
	fails("tarball:a", "import");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_spelled_as_skopeo_has_them),
		cmocka_unit_test(a_name_without_a_word_is_of_the_store),
		cmocka_unit_test(what_is_no_place_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
