/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/referrers_tag.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/errors.h"

#define HEX    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define SHA256 "sha256:" HEX

static const struct referrer one = {
	.media_type = MEDIA_OCI_MANIFEST, .digest = SHA256, .size = 7, .artifact_type = "a/b"
};
#define ONE                                                                                        \
	"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" SHA256                           \
	"\",\"size\":7,\"artifactType\":\"a/b\"}"
#define INDEX(entries)                                                                             \
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[" entries "]}"

static void the_tag_is_the_digest_with_a_dash(void **state UNUSED)
{
	char tag[REFERRERS_TAG_SIZE];

	referrers_tag_name(SHA256, tag);
	assert_string_equal(tag, "sha256-" HEX);
	assert_true(reference_is_tag(tag));
	/* The spec cuts what is longer than a tag may be. */
	referrers_tag_name("sha512:" HEX HEX, tag);
	assert_string_equal(tag, "sha512-" HEX);
}

static void an_entry_is_added_once(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 }, again = { 0 };

	assert_int_equal(referrers_index_edit(NULL, 0, &one, NULL, &text, NULL), 1);
	assert_string_equal(strbuf_str(&text), INDEX(ONE));
	assert_int_equal(referrers_index_edit(text.data, text.len, &one, NULL, &again, NULL), 0);
	assert_string_equal(strbuf_str(&again), INDEX(ONE));
}

static void what_others_wrote_stays_as_it_is(void **state UNUSED)
{
	static const char old[] = INDEX("{\"digest\":\"sha256:other\",\"unknown\":[1,null]}");
	auto_(strbuf) struct strbuf text = { 0 };

	assert_int_equal(referrers_index_edit(old, strlen(old), &one, NULL, &text, NULL), 1);
	assert_string_equal(strbuf_str(&text),
			    INDEX("{\"digest\":\"sha256:other\",\"unknown\":[1,null]}," ONE));
}

static void an_entry_is_taken_out(void **state UNUSED)
{
	static const char old[] = INDEX(ONE ",{\"digest\":\"sha256:other\"}");
	auto_(strbuf) struct strbuf text = { 0 }, again = { 0 };

	assert_int_equal(referrers_index_edit(old, strlen(old), NULL, SHA256, &text, NULL), 1);
	assert_string_equal(strbuf_str(&text), INDEX("{\"digest\":\"sha256:other\"}"));
	assert_int_equal(referrers_index_edit(text.data, text.len, NULL, SHA256, &again, NULL), 0);
}

static int describe(const char *text, struct arena *a, struct referrer *ret)
{
	const struct manifest_put m = {
		.text = text, .len = strlen(text), .media_type = "m/t", .digest = SHA256
	};

	return referrer_describe(&m, a, ret, NULL);
}

static void a_manifest_says_its_type_and_subject(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct referrer r;

	assert_int_equal(describe("{\"artifactType\":\"x/y\",\"config\":{\"mediaType\":\"c/d\"},"
				  "\"subject\":{\"digest\":\"" SHA256 "\"}}",
				  &a, &r),
			 0);
	assert_string_equal(r.artifact_type, "x/y");
	assert_string_equal(r.subject, SHA256);
	assert_int_equal(describe("{\"config\":{\"mediaType\":\"c/d\"},\"subject\":null}", &a, &r),
			 0);
	assert_string_equal(r.artifact_type, "c/d");
	assert_null(r.subject);
}

static void a_subject_that_would_become_a_path_is_refused(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct referrer r;

	assert_int_equal(describe("{\"subject\":{\"digest\":\"sha256:../../x\"}}", &a, &r),
			 -IMAGE_EVERIFY);
	assert_int_equal(describe("{\"subject\":{}}", &a, &r), -IMAGE_EVERIFY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tag_is_the_digest_with_a_dash),
		cmocka_unit_test(an_entry_is_added_once),
		cmocka_unit_test(what_others_wrote_stays_as_it_is),
		cmocka_unit_test(an_entry_is_taken_out),
		cmocka_unit_test(a_manifest_says_its_type_and_subject),
		cmocka_unit_test(a_subject_that_would_become_a_path_is_refused),
	};

	return cmocka_run_group_tests_name("referrers_tag", tests, NULL, NULL);
}
