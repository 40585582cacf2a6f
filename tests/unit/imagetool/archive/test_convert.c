/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/archive/convert.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEX        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DESC(type) "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" HEX "\",\"size\":5,\"x\":[1]}"
#define MANIFEST(type, config, layer, more)                                                        \
	"{\"schemaVersion\":2,\"mediaType\":\"" type                                               \
	"\",\"config\":" DESC(config) ",\"layers\":[" DESC(layer) "]" more "}"
#define OCI MANIFEST(MEDIA_OCI_MANIFEST, MEDIA_OCI_CONFIG, MEDIA_OCI_LAYER "+gzip", ",\"own\":{}")
#define DOCKER                                                                                     \
	MANIFEST(MEDIA_DOCKER_MANIFEST, MEDIA_DOCKER_CONFIG, MEDIA_DOCKER_LAYER ".gzip",           \
		 ",\"own\":{}")

static int convert(const char *text, const char *type, enum image_format to, struct strbuf *out,
		   struct err *e)
{
	const char *now;

	return convert_manifest(text, strlen(text), type, to, out, &now, e);
}

static void both_ways_change_the_words_and_keep_the_rest(void **state UNUSED)
{
	auto_(strbuf) struct strbuf docker = { 0 }, oci = { 0 };

	assert_int_equal(convert(OCI, MEDIA_OCI_MANIFEST, IMAGE_DOCKER, &docker, NULL), 1);
	assert_string_equal(strbuf_str(&docker), DOCKER);
	assert_int_equal(convert(DOCKER, MEDIA_DOCKER_MANIFEST, IMAGE_OCI, &oci, NULL), 1);
	assert_string_equal(strbuf_str(&oci), OCI);
}

static void what_is_as_wanted_stays(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(convert(OCI, MEDIA_OCI_MANIFEST, IMAGE_OCI, &out, NULL), 0);
	assert_int_equal(convert(DOCKER, MEDIA_DOCKER_MANIFEST, IMAGE_DOCKER, &out, NULL), 0);
	assert_int_equal(convert(OCI, MEDIA_OCI_MANIFEST, IMAGE_AS_IS, &out, NULL), 0);
	assert_int_equal(out.len, 0);
}

static void what_is_no_image_stays(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(convert(MANIFEST(MEDIA_OCI_MANIFEST, MEDIA_OCI_EMPTY, "text/plain", ""),
				 MEDIA_OCI_MANIFEST, IMAGE_DOCKER, &out, NULL),
			 0);
	assert_int_equal(convert(MANIFEST(MEDIA_OCI_MANIFEST, MEDIA_OCI_CONFIG,
					  "application/vnd.in-toto+json", ""),
				 MEDIA_OCI_MANIFEST, IMAGE_DOCKER, &out, NULL),
			 0);
}

static void zstd_has_no_word_in_dockers_format(void **state UNUSED)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(
		convert(MANIFEST(MEDIA_OCI_MANIFEST, MEDIA_OCI_CONFIG, MEDIA_OCI_LAYER "+zstd", ""),
			MEDIA_OCI_MANIFEST, IMAGE_DOCKER, &out, &e),
		-EINVAL);
	assert_non_null(strstr(e.msg, "zstd"));
	assert_null(convert_type(MEDIA_OCI_LAYER "+zstd", IMAGE_DOCKER));
	assert_string_equal(convert_type(MEDIA_DOCKER_LAYER ".zstd", IMAGE_OCI),
			    MEDIA_OCI_LAYER "+zstd");
}

#define INDEX(type, member, digest, size)                                                          \
	"{\"schemaVersion\":2,\"mediaType\":\"" type "\",\"manifests\":[{\"mediaType\":\"" member  \
	"\",\"digest\":\"sha256:" digest "\",\"size\":" size ",\"platform\":{\"os\":\"linux\","    \
	"\"architecture\":\"amd64\"}}]}"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void an_index_names_what_its_members_became(void **state UNUSED)
{
	static const char text[] = INDEX(MEDIA_OCI_INDEX, MEDIA_OCI_MANIFEST, HEX, "5");
	const struct converted same = { MEDIA_OCI_MANIFEST, "sha256:" HEX, 5, false };
	const struct converted other = { MEDIA_DOCKER_MANIFEST, "sha256:" OTHER, 7, false };
	auto_(strbuf) struct strbuf out = { 0 };
	const char *type;

	assert_int_equal(convert_index(text, strlen(text), MEDIA_OCI_INDEX, IMAGE_AS_IS, &same, 1,
				       &out, &type, NULL),
			 0);
	assert_int_equal(convert_index(text, strlen(text), MEDIA_OCI_INDEX, IMAGE_DOCKER, &other, 1,
				       &out, &type, NULL),
			 1);
	assert_string_equal(strbuf_str(&out),
			    INDEX(MEDIA_DOCKER_LIST, MEDIA_DOCKER_MANIFEST, OTHER, "7"));
	assert_string_equal(type, MEDIA_DOCKER_LIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_change_the_words_and_keep_the_rest),
		cmocka_unit_test(what_is_as_wanted_stays),
		cmocka_unit_test(what_is_no_image_stays),
		cmocka_unit_test(zstd_has_no_word_in_dockers_format),
		cmocka_unit_test(an_index_names_what_its_members_became),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
