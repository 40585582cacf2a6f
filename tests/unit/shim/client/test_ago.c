/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/client/ago.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/macro.h"
#include "shim/client/filter.h"

/* 2026-01-02T03:04:05Z */
static const struct timespec now = { .tv_sec = 1767323045 };

static void durations_are_dockers_words(void **state UNUSED)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "Less than a second" }, { 1, "1 second" },        { 2, "2 seconds" },
		{ 59, "59 seconds" },        { 60, "About a minute" }, { 119, "About a minute" },
		{ 120, "2 minutes" },        { 3599, "59 minutes" },   { 3600, "About an hour" },
		{ 7199, "About an hour" },   { 7200, "2 hours" },      { 172799, "47 hours" },
		{ 172800, "2 days" },        { 1209599, "13 days" },   { 1209600, "2 weeks" },
		{ 5183999, "8 weeks" },      { 5184000, "2 months" },  { 63071999, "24 months" },
		{ 63072000, "2 years" },
	};
	char buf[AGO_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(ago_text(cases[i].seconds, buf), cases[i].text);
}

static void a_status_says_since_when(void **state UNUSED)
{
	struct exit_record x = { .code = { true, 3 }, .exited_at = "2026-01-02T01:04:05Z" };
	struct record rec = {
		.created = "2026-01-01T03:04:05Z",
		.started = "2026-01-02T03:01:00Z",
		.last_code = { true, 1 },
		.last_exited_at = "2026-01-02T03:04:00Z",
	};
	struct entry en = { .rec = &rec, .exit = &x };
	static const char *const want[] = {
		[ENTRY_CREATING] = "Created",
		[ENTRY_RUNNING] = "Up 3 minutes",
		[ENTRY_RESTARTING] = "Restarting (1) 5 seconds ago",
		[ENTRY_EXITED] = "Exited (3) 2 hours ago",
		[ENTRY_LOST] = "Lost",
	};
	char buf[STATUS_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		en.status = (enum entry_status)i;
		assert_string_equal(status_text(&en, now, buf), want[i]);
	}
}

static void a_time_to_come_is_now(void **state UNUSED)
{
	struct record rec = { .started = "2027-01-01T00:00:00Z" };
	struct entry en = { .rec = &rec, .status = ENTRY_RUNNING };
	char buf[STATUS_TEXT_SIZE];

	assert_string_equal(status_text(&en, now, buf), "Up Less than a second");
}

static bool fits(const struct entry *en, const char *a, const char *b)
{
	auto_(strv) struct strv filters = { 0 };

	if (a)
		strv_add(&filters, a);
	if (b)
		strv_add(&filters, b);
	assert_int_equal(filter_check(&filters, NULL), 0);
	return filter_fits(&filters, en);
}

static void filters_of_a_key_are_alternatives_and_keys_must_all_fit(void **state UNUSED)
{
	struct exit_record x = { .code = { true, 3 } };
	struct entry en = { .id = "web-1", .status = ENTRY_EXITED, .exit = &x };

	assert_true(fits(&en, NULL, NULL));
	assert_true(fits(&en, "id=eb", NULL));
	assert_false(fits(&en, "id=db", NULL));
	assert_true(fits(&en, "id=db", "id=web"));
	assert_true(fits(&en, "status=exited", "exited=3"));
	assert_false(fits(&en, "status=exited", "exited=0"));
	assert_false(fits(&en, "status=running", "exited=3"));
	en.exit = NULL;
	assert_false(fits(&en, "exited=3", NULL));
}

static void filters_are_checked(void **state UNUSED)
{
	static const char *const bad[] = { "", "id", "name=x", "status=up", "exited=", "exited=x" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_(strv) struct strv filters = { 0 };

		strv_add(&filters, bad[i]);
		assert_int_equal(filter_check(&filters, NULL), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_dockers_words),
		cmocka_unit_test(a_status_says_since_when),
		cmocka_unit_test(a_time_to_come_is_now),
		cmocka_unit_test(filters_of_a_key_are_alternatives_and_keys_must_all_fit),
		cmocka_unit_test(filters_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
