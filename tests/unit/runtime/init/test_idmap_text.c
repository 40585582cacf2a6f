/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init/idmap_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct spec_id_mapping own[] = {
	{ { true, 0 }, { true, 0 }, { true, 1 } },
	{ { true, 1 }, { true, 2 }, { true, 1000 } },
};
static const struct spec_linux linux_ = { .uid_mappings = { own, 2 }, .gid_mappings = { own, 2 } };

static struct idmap_text parse(const char *text)
{
	struct idmap_text t = { 0 };
	struct err e = { 0 };

	if (idmap_text_parse(text, &linux_, "option", &t, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	return t;
}

static void refused(const char *text, const char *words)
{
	struct idmap_text t = { 0 };
	struct err e = { 0 };

	assert_true(idmap_text_parse(text, &linux_, "option", &t, &e) < 0);
	assert_string_equal(e.msg, words);
	assert_null(t.uids.items);
}

static void ranges_are_first_id_what_it_becomes_and_how_many(void **state UNUSED)
{
	struct idmap_text t = parse("gids=0-8000-10;uids=0-7000-10#10-9000-5");
	const struct spec_id_mapping *uids = t.uids.items;
	const struct spec_id_mapping *gids = t.gids.items;

	assert_int_equal(t.uids.n, 2);
	assert_int_equal(uids[1].container_id.v, 10);
	assert_int_equal(uids[1].host_id.v, 9000);
	assert_int_equal(uids[1].size.v, 5);
	assert_int_equal(t.gids.n, 1);
	assert_int_equal(gids[0].host_id.v, 8000);
	idmap_text_done(&t);
}

/* crun.1 has this very example. */
static void an_at_counts_as_the_container_does(void **state UNUSED)
{
	struct idmap_text t = parse("uids=@1-3-10;gids=@0-0-1");

	assert_int_equal(((struct spec_id_mapping *)t.uids.items)->host_id.v, 4);
	assert_int_equal(((struct spec_id_mapping *)t.gids.items)->host_id.v, 0);
	idmap_text_done(&t);
}

static void what_the_container_does_not_map_in_one_line_is_refused(void **state UNUSED)
{
	refused("uids=@0-0-2;gids=0-0-1",
		"option: '@0-0-2' is not within one line of the container's mappings");
	refused("uids=@0-5000-1;gids=0-0-1",
		"option: '@0-5000-1' is not within one line of the container's mappings");
}

static void everything_else_is_refused(void **state UNUSED)
{
	refused("uids=0-1-1", "option: needs both uids=... and gids=...");
	refused("", "option: needs both uids=... and gids=...");
	refused("uids=0-1;gids=0-1-1", "option: '0-1' is not FIRST-BECOMES-SIZE");
	refused("uids=0-1-0;gids=0-1-1", "option: '0-1-0' is not FIRST-BECOMES-SIZE");
	refused("uids=0-4294967295-1;gids=0-1-1",
		"option: '0-4294967295-1' is not FIRST-BECOMES-SIZE");
	refused("uids=0-1-1;uids=0-1-1", "option: 'uids' is given twice");
	refused("pids=0-1-1", "option: 'pids=0-1-1' is not uids=... or gids=...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_first_id_what_it_becomes_and_how_many),
		cmocka_unit_test(an_at_counts_as_the_container_does),
		cmocka_unit_test(what_the_container_does_not_map_in_one_line_is_refused),
		cmocka_unit_test(everything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
