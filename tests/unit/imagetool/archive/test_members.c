/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/archive/members.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"

static void add_text(struct members *m, const char *name, const char *text)
{
	struct member item = { .name = xstrdup(name), .kind = MEMBER_TEXT, .text = xstrdup(text) };

	assert_int_equal(members_add(m, &item, NULL), 0);
}

static void add_link(struct members *m, const char *name, const char *target)
{
	struct member item = { .name = xstrdup(name),
			       .kind = MEMBER_LINK,
			       .text = xstrdup(target) };

	assert_int_equal(members_add(m, &item, NULL), 0);
}

static void the_last_member_of_a_name_counts(void **state UNUSED)
{
	auto_(members) struct members m = { 0 };

	add_text(&m, "a", "first");
	add_text(&m, "b", "other");
	add_text(&m, "a", "second");
	assert_int_equal(m.n, 2);
	assert_string_equal(members_find(&m, "a")->text, "second");
	assert_string_equal(members_find(&m, "./a")->text, "second");
	assert_null(members_find(&m, "c"));
}

static void links_are_followed_and_loops_are_not(void **state UNUSED)
{
	auto_(members) struct members m = { 0 };

	add_link(&m, "a", "b");
	add_link(&m, "b", "c");
	add_text(&m, "c", "end");
	add_link(&m, "x", "y");
	add_link(&m, "y", "x");
	add_link(&m, "dead", "nowhere");
	assert_string_equal(members_find(&m, "a")->text, "end");
	assert_null(members_find(&m, "x"));
	assert_null(members_find(&m, "dead"));
}

static void symlinks_lead_only_inside(void **state UNUSED)
{
	static const struct {
		const char *name, *link, *want;
	} rows[] = {
		{ "a/layer.tar", "../b/layer.tar", "b/layer.tar" },
		{ "a/layer.tar", "other.tar", "a/other.tar" },
		{ "layer.tar", "x/./y//z", "x/y/z" },
		{ "a/b", "../../c", NULL },
		{ "a", "../c", NULL },
		{ "a/b", "/c", NULL },
		{ "a/b", "c/../../../d", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *got = member_link_target(rows[i].name, rows[i].link);

		if (rows[i].want)
			assert_string_equal(got, rows[i].want);
		else
			assert_null(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_member_of_a_name_counts),
		cmocka_unit_test(links_are_followed_and_loops_are_not),
		cmocka_unit_test(symlinks_lead_only_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
