/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/snapshot/chain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int init(const char *const *diff_ids, size_t n, size_t layers, struct snapshot_chain *ret,
		struct err *e)
{
	static struct image_descriptor descs[SNAPSHOT_LAYERS_MAX + 1];
	const char *ids[SNAPSHOT_LAYERS_MAX + 1];
	struct image_rootfs fs = { .type = "layers", .diff_ids = { .items = ids, .n = n } };
	struct image_manifest m = { .layers = { .items = descs, .n = layers } };
	struct image_config c = { .rootfs = &fs };

	for (size_t i = 0; i < n; i++)
		ids[i] = diff_ids[i % 2];
	return snapshot_chain_init(ret, &m, &c, e);
}

static void a_chain_id_is_the_digest_of_the_one_below_and_the_diff_id(void **state UNUSED)
{
	const char *ids[] = { A, B };
	struct snapshot_chain c;
	char want[DIGEST_TEXT_SIZE];
	struct err e = { 0 };

	assert_int_equal(init(ids, 2, 2, &c, &e), 0);
	assert_string_equal(c.ids[0], A);
	digest_of(DIGEST_SHA256, A " " B, sizeof(A " " B) - 1, want);
	assert_string_equal(c.ids[1], want);
	snapshot_chain_done(&c);
}

static void documents_that_do_not_fit_are_refused(void **state UNUSED)
{
	const char *ids[] = { A, "sha256:../../x" };
	struct snapshot_chain c;
	struct err e = { 0 };

	assert_true(init(ids, 1, 2, &c, &e) < 0);
	assert_string_equal(e.msg, "the manifest has 2 layers, the config 1");
	assert_true(init(ids, 2, 2, &c, &e) < 0);
	ids[1] = B;
	assert_int_equal(init(ids, SNAPSHOT_LAYERS_MAX + 1, SNAPSHOT_LAYERS_MAX + 1, &c, &e),
			 -E2BIG);
	assert_int_equal(init(ids, 0, 0, &c, &e), 0);
	snapshot_chain_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_id_is_the_digest_of_the_one_below_and_the_diff_id),
		cmocka_unit_test(documents_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
