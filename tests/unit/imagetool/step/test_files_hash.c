/* SPDX-License-Identifier: Apache-2.0 */
/* What a COPY would take, as a hash. */
#include "tests/unit/imagetool/step/files_fixture.h"

/* ---- Hashes ---- */

BOTH(the_hash_is_of_what_is_taken)
{
	const struct form form = { .path = "/d", .dest = "/x", .from_tree = tree, .exclude = "no" };
	const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };
	uint8_t first[CONTEXT_HASH_SIZE], other[CONTEXT_HASH_SIZE];

	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "d/e", 0755);
	put(t->src, "d/e/f", "f", 0644);
	put(t->src, "d/no", "1", 0644);
	hash(t, &form, first);
	assert_return_code(utimensat(t->src, "d/e/f", times, 0), errno);
	put(t->src, "d/no", "2", 0644);
	put(t->src, "beside", "2", 0644);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
	put(t->src, "d/e/f", "g", 0644);
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
	put(t->src, "d/e/f", "f", 0755);
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
	put(t->src, "d/e/f", "f", 0644);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
	(void)renameat(t->src, "d/e", t->src, "d/g");
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
}

BOTH(a_mode_that_is_replaced_is_in_no_hash)
{
	const struct form form = { .path = "/a", .dest = "/x", .from_tree = tree, .chmod = "755" };
	uint8_t first[CONTEXT_HASH_SIZE], other[CONTEXT_HASH_SIZE];

	put(t->src, "a", "a", 0644);
	hash(t, &form, first);
	put(t->src, "a", "a", 0600);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
}

static void an_owner_of_a_tree_counts_unless_replaced(void **state)
{
	const struct fixture *t = *state;
	struct form form = { .path = "/a", .dest = "/x", .from_tree = true };
	uint8_t first[CONTEXT_HASH_SIZE], other[CONTEXT_HASH_SIZE];

	put(t->src, "a", "a", 0644);
	hash(t, &form, first);
	give(t->src, "a", 3, 4);
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
	form.chown = "u";
	hash(t, &form, first);
	give(t->src, "a", 5, 6);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
}

BOTH(the_hash_of_parents_knows_the_way)
{
	const struct form form = { .path = "**/f",
				   .dest = "/x",
				   .dest_is_dir = true,
				   .parents = true,
				   .from_tree = tree };
	uint8_t first[CONTEXT_HASH_SIZE], other[CONTEXT_HASH_SIZE];

	(void)mkdirat(t->src, "d", 0755);
	(void)mkdirat(t->src, "empty", 0755);
	put(t->src, "d/f", "f", 0644);
	hash(t, &form, first);
	(void)unlinkat(t->src, "empty", AT_REMOVEDIR);
	put(t->src, "d/g", "g", 0644);
	hash(t, &form, other);
	assert_memory_equal(first, other, sizeof(first));
	assert_return_code(fchmodat(t->src, "d", 0700, 0), errno);
	hash(t, &form, other);
	assert_memory_not_equal(first, other, sizeof(first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_BOTH(the_hash_is_of_what_is_taken),
		RUN_BOTH(a_mode_that_is_replaced_is_in_no_hash),
		RUN(an_owner_of_a_tree_counts_unless_replaced),
		RUN_BOTH(the_hash_of_parents_knows_the_way),
	};

	/* Owners can only be given by root. */
	if (geteuid() != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
