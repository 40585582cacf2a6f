/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/index/draft.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "libutil/alloc.h"

static struct image_descriptor entry(char digest[DIGEST_TEXT_SIZE], int number)
{
	(void)snprintf(digest, DIGEST_TEXT_SIZE, "sha256:%04x%060d", (unsigned)number, 0);
	return (struct image_descriptor){ .media_type = MEDIA_OCI_MANIFEST,
					  .digest = digest,
					  .size = { .set = true, .v = number } };
}

static struct index_draft made(int n)
{
	struct index_draft d;

	index_draft_init(&d, INDEX_OCI);
	for (int i = 0; i < n; i++) {
		char digest[DIGEST_TEXT_SIZE];
		struct image_descriptor desc = entry(digest, i);

		assert_int_equal(index_draft_add(&d, &desc, NULL), i);
	}
	return d;
}

static void entries_are_added_once_each(void **state UNUSED)
{
	auto_(index_draft) struct index_draft d = made(100);
	char digest[DIGEST_TEXT_SIZE];
	struct image_descriptor desc = entry(digest, 40);

	assert_int_equal(d.doc.manifests.n, 100);
	desc.artifact_type = "new";
	assert_int_equal(index_draft_add(&d, &desc, NULL), 40);
	assert_int_equal(d.doc.manifests.n, 100);
	assert_string_equal(((struct image_descriptor *)d.doc.manifests.items)[40].artifact_type,
			    "new");
}

static void entries_are_found_by_what_their_digests_begin_with(void **state UNUSED)
{
	auto_(index_draft) struct index_draft d = made(20);
	char digest[DIGEST_TEXT_SIZE];

	(void)entry(digest, 17);
	assert_int_equal(index_draft_find(&d, digest, NULL), 17);
	assert_int_equal(index_draft_find(&d, "0011", NULL), 17);
	assert_int_equal(index_draft_find(&d, "sha256:0011", NULL), 17);
	assert_int_equal(index_draft_find(&d, "001", NULL), -IMAGE_ENOTFOUND);
	assert_int_equal(index_draft_find(&d, "ffff", NULL), -IMAGE_ENOTFOUND);
	index_draft_remove(&d, 17);
	assert_int_equal(index_draft_find(&d, "0011", NULL), -IMAGE_ENOTFOUND);
	assert_int_equal(index_draft_find(&d, "0012", NULL), 17);
}

static void what_is_written_is_read_again(void **state UNUSED)
{
	auto_(index_draft) struct index_draft d = made(3), again = { 0 };
	auto_(strbuf) struct strbuf text = { 0 }, text2 = { 0 };
	auto_(strv) struct strv list = { 0 };
	const struct index_notes notes = { .os = "linux", .arch = "arm64", .annotations = &list };

	strv_add(&list, "k=v=w");
	assert_int_equal(index_draft_note(&d, 1, &notes, NULL), 0);
	index_draft_encode(&d, &text);
	assert_int_equal(index_draft_decode(&again, text.data, text.len, NULL), 0);
	index_draft_encode(&again, &text2);
	assert_string_equal(strbuf_str(&text), strbuf_str(&text2));
	assert_non_null(strstr(strbuf_str(&text), "\"k\":\"v=w\""));
}

static void annotations_come_and_go(void **state UNUSED)
{
	auto_(index_draft) struct index_draft d = made(1);
	auto_(strv) struct strv list = { 0 };
	const struct index_notes notes = { .annotations = &list };

	strv_add(&list, "a=1");
	strv_add(&list, "b=2");
	strv_add(&list, "a=3");
	strv_add(&list, "b=");
	assert_int_equal(index_draft_note_itself(&d, &notes, NULL), 0);
	assert_int_equal(d.doc.annotations.n, 1);
	assert_string_equal(d.doc.annotations.items[0].value, "3");
	strv_add(&list, "novalue");
	assert_int_equal(index_draft_note_itself(&d, &notes, NULL), -EINVAL);
}

static void half_a_platform_is_none(void **state UNUSED)
{
	auto_(index_draft) struct index_draft d = made(1);
	const struct index_notes notes = { .arch = "arm64" };

	assert_int_equal(index_draft_note(&d, 0, &notes, NULL), -EINVAL);
	assert_int_equal(index_draft_note_itself(&d, &notes, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_added_once_each),
		cmocka_unit_test(entries_are_found_by_what_their_digests_begin_with),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(annotations_come_and_go),
		cmocka_unit_test(half_a_platform_is_none),
	};

	return cmocka_run_group_tests_name("draft", tests, NULL, NULL);
}
