/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/push/artifact.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"

static void titles_stay_below_the_directory(void **state UNUSED)
{
	static const char *const good[] = { "a", "a/b", "a//b", ".a", "..a", "a..", "a b", "ä" };
	static const char *const bad[] = { "",     "/",      "/a",      "..",    "../a",
					   "a/..", "a/../b", ".",       "./a",   "a/./b",
					   "a/",   "a\nb",   "a\x1b[m", "a\x7f", "a//" };

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(artifact_title_is_safe(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(artifact_title_is_safe(bad[i]));
}

static void a_file_is_called_after_its_path_where_that_can_be(void **state UNUSED)
{
	static const struct {
		const char *path, *title;
	} rows[] = {
		{ "a/b", "a/b" },        { "./a", "a" },    { ".//a/b", "a/b" },
		{ "/abs/file", "file" }, { "../up", "up" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *title = artifact_title(rows[i].path);

		assert_string_equal(title, rows[i].title);
	}
}

static void media_types_are_of_two_parts(void **state UNUSED)
{
	assert_true(artifact_is_type("application/vnd.x.y-z+json"));
	assert_false(artifact_is_type("application"));
	assert_false(artifact_is_type("a/b/c"));
	assert_false(artifact_is_type("/b"));
	assert_false(artifact_is_type("a/"));
	assert_false(artifact_is_type("a/b;c=d"));
	assert_false(artifact_is_type("a/b\r\nEvil: x"));
}

static void a_type_stands_behind_the_last_colon(void **state UNUSED)
{
	auto_(artifact_file) struct artifact_file f = { 0 }, g = { 0 };

	assert_int_equal(artifact_file_parse("/dev/null:text/plain", "x/y", &f, NULL), 0);
	assert_string_equal(f.path, "/dev/null");
	assert_string_equal(f.type, "text/plain");
	assert_int_equal(artifact_file_parse("/dev/null", "x/y", &g, NULL), 0);
	assert_string_equal(g.type, "x/y");
	assert_string_equal(g.title, "null");
}

static void a_manifest_without_files_names_the_empty_one(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct artifact a = { .type = "x/y" };

	assert_int_equal(artifact_manifest(&a, &text, NULL), 0);
#define EMPTY                                                                                      \
	"{\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"digest\":\"sha256:"                \
	"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\",\"size\":2}"
	assert_string_equal(strbuf_str(&text),
			    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			    "\",\"artifactType\":\"x/y\",\"config\":" EMPTY ",\"layers\":[" EMPTY
			    "]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles_stay_below_the_directory),
		cmocka_unit_test(a_file_is_called_after_its_path_where_that_can_be),
		cmocka_unit_test(media_types_are_of_two_parts),
		cmocka_unit_test(a_type_stands_behind_the_last_colon),
		cmocka_unit_test(a_manifest_without_files_names_the_empty_one),
	};

	return cmocka_run_group_tests_name("artifact", tests, NULL, NULL);
}
