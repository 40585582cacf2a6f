/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/registry/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const struct scopes *s, const char *want)
{
	char *all = strv_join(&s->list, " ");

	assert_string_equal(all, want);
	free(all);
}

static void actions_on_one_repository_are_one_scope(void **state UNUSED)
{
	auto_(scopes) struct scopes s = { 0 };

	scopes_add(&s, "repository", "a/b", "pull");
	scopes_add(&s, "repository", "c", "pull");
	scopes_add(&s, "repository", "a/b", "push,pull");
	check(&s, "repository:a/b:pull,push repository:c:pull");
}

static void a_challenge_adds_what_it_names(void **state UNUSED)
{
	auto_(scopes) struct scopes s = { 0 };

	scopes_add(&s, "repository", "a", "pull");
	scopes_add_text(&s, "repository:a:pull,push registry:catalog:* nonsense :x");
	check(&s, "repository:a:pull,push registry:catalog:*");
}

static void a_name_may_have_colons(void **state UNUSED)
{
	auto_(scopes) struct scopes s = { 0 };

	scopes_add_text(&s, "repository:host:5000/a:pull");
	scopes_add(&s, "repository", "host:5000/a", "push");
	check(&s, "repository:host:5000/a:pull,push");
}

static void a_challenge_cannot_add_without_end(void **state UNUSED)
{
	auto_(scopes) struct scopes s = { 0 };
	char text[] = "repository:xxxx:pull";

	for (int i = 0; i < 100; i++) {
		text[11] = (char)('a' + i % 10);
		text[12] = (char)('a' + i / 10);
		scopes_add_text(&s, text);
	}
	assert_int_equal(s.list.n, SCOPE_MAX);
}

static void less_is_covered_by_more(void **state UNUSED)
{
	auto_(scopes) struct scopes more = { 0 }, less = { 0 };

	scopes_add(&less, "repository", "a", "pull");
	assert_false(scopes_cover(&more, &less));
	scopes_copy(&more, &less);
	scopes_add(&more, "repository", "a", "push");
	scopes_add(&more, "repository", "b", "pull");
	assert_true(scopes_cover(&more, &less));
	assert_false(scopes_cover(&less, &more));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_on_one_repository_are_one_scope),
		cmocka_unit_test(a_challenge_adds_what_it_names),
		cmocka_unit_test(a_name_may_have_colons),
		cmocka_unit_test(a_challenge_cannot_add_without_end),
		cmocka_unit_test(less_is_covered_by_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
