/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/platform.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "libutil/strv.h"

static struct platform parsed(const char *text)
{
	struct platform p;

	assert_int_equal(platform_parse(text, &p, NULL), 0);
	return p;
}

static void spellings_of_an_architecture_are_one(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "linux/amd64", "linux/amd64" },     { "linux/x86_64", "linux/amd64" },
		{ "linux/aarch64", "linux/arm64" },   { "linux/arm/v7", "linux/arm/v7" },
		{ "linux/armv7l", "linux/arm/v7" },   { "linux/armv6l/v5", "linux/arm/v5" },
		{ "windows/amd64", "windows/amd64" }, { "linux/i686", "linux/386" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct platform p = parsed(rows[i].text);
		char text[PLATFORM_TEXT_SIZE];

		assert_string_equal(platform_text(&p, text), rows[i].want);
	}
}

static void what_is_no_platform_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "",
					   "linux",
					   "linux/",
					   "/amd64",
					   "linux/arm/v7/x",
					   "linux//v7",
					   "linux/0123456789012345678901234567890123456789" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct platform p = { .os = "kept" };

		assert_int_equal(platform_parse(bad[i], &p, NULL), -EINVAL);
		assert_string_equal(p.os, "kept");
	}
}

static void an_architecture_alone_is_linux_s_where_people_type_it(void **state UNUSED)
{
	static const struct {
		const char *text, *full;
	} rows[] = { { "arm64", "linux/arm64" },
		     { "x86_64", "linux/amd64" },
		     { "s390x", "linux/s390x" },
		     { "armhf", "linux/arm/v7" },
		     { "windows/arm64", "windows/arm64" } };
	char text[PLATFORM_TEXT_SIZE];
	struct platform p;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(platform_parse_typed(rows[i].text, &p, NULL), 0);
		assert_string_equal(platform_text(&p, text), rows[i].full);
	}
	assert_int_equal(platform_parse_typed("linux", &p, NULL), -EINVAL);
	assert_int_equal(platform_parse_typed("pentium", &p, NULL), -EINVAL);
	assert_int_equal(platform_parse("arm64", &p, NULL), -EINVAL);
}

static void this_machine_is_linux_on_something(void **state UNUSED)
{
	struct platform p;

	platform_host(&p);
	assert_string_equal(p.os, "linux");
	assert_true(p.arch[0] != '\0');
}

/* "linux/arm64/v8", "-" for a descriptor without platform. */
static void add_entry(struct image_descriptor *desc, struct image_platform *platform, char *text)
{
	char *save = NULL;

	*desc = (struct image_descriptor){ .media_type = MEDIA_OCI_MANIFEST };
	if (streq(text, "-"))
		return;
	if (streq(text, "?")) {
		desc->media_type = "application/vnd.example.unheard.of";
		return;
	}
	*platform = (struct image_platform){ .os = strtok_r(text, "/", &save) };
	platform->architecture = strtok_r(NULL, "/", &save);
	platform->variant = strtok_r(NULL, "/", &save);
	desc->platform = platform;
}

static int choose(const char *want, const char *entries, struct err *e)
{
	struct image_descriptor descs[8];
	struct image_platform platforms[8];
	struct platform p = parsed(want);
	auto_(strv) struct strv words = { 0 };
	struct image_index index = { .manifests.items = descs };

	strv_split(&words, entries, ' ', true);
	index.manifests.n = words.n;
	for (size_t i = 0; i < words.n; i++)
		add_entry(&descs[i], &platforms[i], words.v[i]);
	return platform_choose(&index, &p, e);
}

static void the_best_entry_is_chosen_the_first_among_equals(void **state UNUSED)
{
	static const struct {
		const char *want, *entries;
		int chosen;
	} rows[] = {
		{ "linux/amd64", "linux/arm64 linux/amd64 linux/amd64", 1 },
		{ "linux/amd64", "windows/amd64 linux/amd64", 1 },
		/* No variant means the smallest for amd64 and v8 for arm64. */
		{ "linux/amd64", "linux/amd64/v3 linux/amd64", 1 },
		{ "linux/amd64", "linux/amd64/v3 linux/amd64/v1", 1 },
		{ "linux/arm64", "linux/arm64/v9 linux/arm64/v8", 1 },
		{ "linux/arm64/v8", "linux/arm64", 0 },
		/* A smaller variant runs on a larger one, the largest that fits is best. */
		{ "linux/amd64/v4", "linux/amd64 linux/amd64/v3 linux/amd64/v2", 1 },
		{ "linux/arm/v7", "linux/arm/v5 linux/arm/v6 linux/arm/v8", 1 },
		{ "linux/arm", "linux/arm/v6 linux/arm/v7", 1 },
		{ "linux/riscv64/rva22u64", "linux/riscv64/rva23u64 linux/riscv64", 1 },
		/* A variant the table does not know fits itself. */
		{ "linux/amd64/odd", "linux/amd64/v1 linux/amd64/odd", 1 },
		/* Without a platform only when there is no other, and attestations never. */
		{ "linux/amd64", "- linux/amd64", 1 },
		{ "linux/amd64", "linux/arm64 -", 1 },
		{ "linux/amd64", "? unknown/unknown linux/amd64", 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(choose(rows[i].want, rows[i].entries, NULL), rows[i].chosen);
}

static void no_match_names_what_there_is(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(choose("linux/amd64", "linux/amd64/v2 linux/arm/v7 unknown/unknown", &e),
			 -IMAGE_ENOTFOUND);
	assert_string_equal(
		e.msg, "no image for platform linux/amd64; there is linux/amd64/v2, linux/arm/v7");
	assert_int_equal(choose("linux/amd64", "?", &e), -IMAGE_ENOTFOUND);
	assert_string_equal(e.msg, "no image for platform linux/amd64; there is none at all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_of_an_architecture_are_one),
		cmocka_unit_test(what_is_no_platform_is_refused),
		cmocka_unit_test(an_architecture_alone_is_linux_s_where_people_type_it),
		cmocka_unit_test(this_machine_is_linux_on_something),
		cmocka_unit_test(the_best_entry_is_chosen_the_first_among_equals),
		cmocka_unit_test(no_match_names_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
