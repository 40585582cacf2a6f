/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci-spec/data.h"

#include <errno.h>

#include "oci-spec/image_spec.h"

#define HEX   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void references_have_a_full_and_a_familiar_form(void **state UNUSED)
{
	static const struct {
		const char *text, *full, *familiar;
	} rows[] = {
		{ "nginx", "docker.io/library/nginx:latest", "nginx:latest" },
		{ "nginx:1.25", "docker.io/library/nginx:1.25", "nginx:1.25" },
		{ "docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest" },
		{ "docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest" },
		{ "index.docker.io/a/b", "docker.io/a/b:latest", "a/b:latest" },
		{ "library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest" },
		{ "me/app", "docker.io/me/app:latest", "me/app:latest" },
		{ "localhost/app", "localhost/app:latest", "localhost/app:latest" },
		{ "docker.io/localhost/app", "docker.io/localhost/app:latest",
		  "docker.io/localhost/app:latest" },
		{ "localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1" },
		{ "127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest", "127.0.0.1:5000/a/b:latest" },
		{ "[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest" },
		{ "[fe80::1]/a", "[fe80::1]/a:latest", "[fe80::1]/a:latest" },
		{ "Host/app", "Host/app:latest", "Host/app:latest" },
		{ "registry.example.com/a_b/c__d/e-f/g---h/i.j:T_a.g-1",
		  "registry.example.com/a_b/c__d/e-f/g---h/i.j:T_a.g-1",
		  "registry.example.com/a_b/c__d/e-f/g---h/i.j:T_a.g-1" },
		{ "app@sha256:" HEX, "docker.io/library/app@sha256:" HEX, "app@sha256:" HEX },
		{ "app:v1@sha256:" HEX, "docker.io/library/app:v1@sha256:" HEX,
		  "app:v1@sha256:" HEX },
		{ "r.io/app@sha512:" HEX HEX, "r.io/app@sha512:" HEX HEX,
		  "r.io/app@sha512:" HEX HEX },
		{ HEX63, "docker.io/library/" HEX63 ":latest", HEX63 ":latest" },
		{ "docker.io/" HEX, "docker.io/library/" HEX ":latest",
		  "docker.io/library/" HEX ":latest" },
		{ "me/" HEX, "docker.io/me/" HEX ":latest", "me/" HEX ":latest" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(image_reference) struct image_reference r = { 0 };
		auto_(image_reference) struct image_reference again = { 0 };
		autofree char *full = NULL, *familiar = NULL, *round = NULL;
		struct err e = { 0 };

		if (reference_parse(rows[i].text, &r, &e) < 0)
			fail_msg("%s", e.msg);
		full = reference_text(&r);
		familiar = reference_familiar(&r);
		assert_string_equal(full, rows[i].full);
		assert_string_equal(familiar, rows[i].familiar);
		/* The short form names the same image. */
		assert_int_equal(reference_parse(familiar, &again, &e), 0);
		round = reference_text(&again);
		assert_string_equal(round, full);
	}
}

static void a_digest_alone_leaves_no_tag(void **state UNUSED)
{
	auto_(image_reference) struct image_reference r = { 0 };

	assert_int_equal(reference_parse("a@sha256:" HEX, &r, NULL), 0);
	assert_null(r.tag);
	assert_string_equal(r.digest, "sha256:" HEX);
}

static void what_is_no_reference_says_why(void **state UNUSED)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
		{ "", "the repository is missing" },
		{ "docker.io/", "the repository is missing" },
		{ ":tag", "the repository is missing" },
		{ "localhost:5000/", "the repository is missing" },
		{ "a:", "'' is not a legal tag" },
		{ "a:.b", "'.b' is not a legal tag" },
		{ "a:-b", "'-b' is not a legal tag" },
		{ "a:b:c", "'library/a:b' is not a legal repository" },
		{ "a:b+c", "'b+c' is not a legal tag" },
		{ "Nginx", "repository 'library/Nginx' must be in lower case" },
		{ "me/App", "repository 'me/App' must be in lower case" },
		{ "a..b", "'library/a..b' is not a legal repository" },
		{ "a___b", "'library/a___b' is not a legal repository" },
		{ "a/../b", "'a/../b' is not a legal repository" },
		{ "../a", "'..' is not a registry's host name" },
		{ "a.b//c", "'/c' is not a legal repository" },
		{ "-a", "'library/-a' is not a legal repository" },
		{ "a-", "'library/a-' is not a legal repository" },
		{ "a%2fb", "'library/a%2fb' is not a legal repository" },
		{ "https://docker.io/a", "'https:' is not a registry's host name" },
		{ "host:/a", "'host:' is not a registry's host name" },
		{ "host:123456/a", "'host:123456' is not a registry's host name" },
		{ "-host.io/a", "'-host.io' is not a registry's host name" },
		{ "[::1/a", "'[::1' is not a registry's host name" },
		{ "[]:5/a", "'[]:5' is not a registry's host name" },
		{ "a b", "blanks and control characters are not legal" },
		{ "a\n", "blanks and control characters are not legal" },
		{ "a@sha256:abc",
		  "digest 'sha256:abc': expected 64 lower-case hex digits after 'sha256:'" },
		{ "a@", "digest '': expected sha256:HEX or sha512:HEX" },
		{ "@sha256:" HEX, "the repository is missing" },
		{ HEX, "64 hex digits are an image id, not a name" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct image_reference r = { 0 };
		struct err e = { 0 };

		if (reference_parse(rows[i].text, &r, &e) != -EINVAL)
			fail_msg("'%s' passes", rows[i].text);
		if (!strstr(e.msg, rows[i].reason))
			fail_msg("'%s': '%s'", rows[i].text, e.msg);
		assert_true(starts_with(e.msg, "image reference '"));
		assert_null(r.registry);
	}
}

static void names_and_tags_have_a_greatest_length(void **state UNUSED)
{
	autofree char *tag = xasprintf("a:%0128d", 0);
	autofree char *long_tag = xasprintf("a:%0129d", 0);
	autofree char *name = xasprintf("r.io/a%0249d", 0);
	autofree char *long_name = xasprintf("r.io/a%0250d", 0);
	autofree char *huge = xasprintf("r.io/a%02000d", 0);
	auto_(image_reference) struct image_reference a = { 0 };
	auto_(image_reference) struct image_reference b = { 0 };
	struct image_reference none;

	assert_int_equal(reference_parse(tag, &a, NULL), 0);
	assert_int_equal(reference_parse(long_tag, &none, NULL), -EINVAL);
	assert_int_equal(reference_parse(name, &b, NULL), 0);
	assert_int_equal(reference_parse(long_name, &none, NULL), -EINVAL);
	assert_int_equal(reference_parse(huge, &none, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_have_a_full_and_a_familiar_form),
		cmocka_unit_test(a_digest_alone_leaves_no_tag),
		cmocka_unit_test(what_is_no_reference_says_why),
		cmocka_unit_test(names_and_tags_have_a_greatest_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
