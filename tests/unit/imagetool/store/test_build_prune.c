/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/store/build_prune.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Keys are one letter here. */
static struct build_prune_item item(const char *key, const char *target, int64_t used,
				    int64_t bytes, bool shared)
{
	struct build_prune_item i = { .used = used, .bytes = bytes, .shared = shared };

	(void)snprintf(i.key, sizeof(i.key), "%s", key);
	(void)snprintf(i.target, sizeof(i.target), "%s", target);
	return i;
}

/* The keys of those that go, sorted. */
static const char *doomed(struct build_prune_item *items, size_t n,
			  const struct build_prune_opts *o)
{
	static char text[16];
	size_t len = 0;

	build_prune_decide(items, n, o);
	for (char c = 'a'; c <= 'z'; c++)
		for (size_t i = 0; i < n; i++)
			if (items[i].key[0] == c && items[i].doomed)
				text[len++] = c;
	text[len] = '\0';
	return text;
}

static void what_images_have_stays_unless_all_goes(void **state UNUSED)
{
	struct build_prune_item items[] = { item("a", "a", 1, 10, true),
					    item("b", "b", 2, 10, false) };
	struct build_prune_opts o = { 0 };

	assert_string_equal(doomed(items, 2, &o), "b");
	o.all = true;
	assert_string_equal(doomed(items, 2, &o), "ab");
}

static void what_was_used_lately_stays(void **state UNUSED)
{
	struct build_prune_item items[] = { item("a", "a", 100, 10, false),
					    item("b", "b", 200, 10, false) };
	const struct build_prune_opts o = { .has_before = true, .before = 200 };

	assert_string_equal(doomed(items, 2, &o), "a");
}

static void the_last_used_are_kept_up_to_a_size(void **state UNUSED)
{
	struct build_prune_item items[] = { item("a", "a", 1, 10, false),
					    item("b", "b", 3, 10, false),
					    item("c", "c", 2, 10, false) };
	struct build_prune_opts o = { .keep = 20 };

	assert_string_equal(doomed(items, 3, &o), "a");
	o.keep = 19;
	assert_string_equal(doomed(items, 3, &o), "ac");
	o.keep = 30;
	assert_string_equal(doomed(items, 3, &o), "");
}

static void what_leads_to_a_record_goes_with_it(void **state UNUSED)
{
	struct build_prune_item items[] = { item("a", "b", 9, 0, false),
					    item("b", "b", 1, 10, false),
					    item("c", "d", 9, 0, false),
					    item("d", "d", 9, 5, false),
					    item("e", "x", 9, 0, false) };
	const struct build_prune_opts o = { .keep = 10 };

	assert_string_equal(doomed(items, 5, &o), "abe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_images_have_stays_unless_all_goes),
		cmocka_unit_test(what_was_used_lately_stays),
		cmocka_unit_test(the_last_used_are_kept_up_to_a_size),
		cmocka_unit_test(what_leads_to_a_record_goes_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
