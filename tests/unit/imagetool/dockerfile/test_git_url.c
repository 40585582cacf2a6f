/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "imagetool/dockerfile/git_url.h"

struct row {
	const char *text;
	int r;
	const char *remote, *ref, *subdir, *checksum;
	enum git_flag keep, submodules;
};

#define URL   "https://example.com/a/b.git"
#define UNSET GIT_FLAG_UNSET, GIT_FLAG_UNSET
#define NO(text)                                                                                   \
	{                                                                                          \
		text, 0, NULL, NULL, NULL, NULL, UNSET                                             \
	}
#define BAD(text)                                                                                  \
	{                                                                                          \
		text, -EINVAL, NULL, NULL, NULL, NULL, UNSET                                       \
	}

static const struct row rows[] = {
	{ URL, 1, URL, "", "", NULL, UNSET },
	{ URL "#main", 1, URL, "main", "", NULL, UNSET },
	{ URL "#main:docs", 1, URL, "main", "docs", NULL, UNSET },
	{ URL "#:docs/", 1, URL, "", "docs", NULL, UNSET },
	{ URL "#feature/x", 1, URL, "feature/x", "", NULL, UNSET },
	/* Out of the repository there is nothing: it stays inside. */
	{ URL "#main:../../etc", 1, URL, "main", "etc", NULL, UNSET },
	{ URL "?subdir=../..", 1, URL, "", "", NULL, UNSET },
	{ URL "?ref=v1&subdir=x", 1, URL, "v1", "x", NULL, UNSET },
	{ URL "?tag=v1", 1, URL, "refs/tags/v1", "", NULL, UNSET },
	{ URL "?branch=main", 1, URL, "refs/heads/main", "", NULL, UNSET },
	{ URL "?checksum=abc123", 1, URL, "", "", "abc123", UNSET },
	{ URL "?commit=abc123", 1, URL, "", "", "abc123", UNSET },
	{ URL "?keep-git-dir=true&submodules=false", 1, URL, "", "", NULL, GIT_FLAG_YES,
	  GIT_FLAG_NO },
	{ URL "?keep-git-dir", 1, URL, "", "", NULL, GIT_FLAG_YES, GIT_FLAG_UNSET },
	{ URL "?ref=v1#v1:x", 1, URL, "v1", "x", NULL, UNSET },
	{ URL "?ref=a%2Fb", 1, URL, "a/b", "", NULL, UNSET },
	{ "ssh://git@example.com/x.git", 1, "ssh://git@example.com/x.git", "", "", NULL, UNSET },
	{ "git@example.com:a/b.git#v1", 1, "git@example.com:a/b.git", "v1", "", NULL, UNSET },
	{ "git://example.com/x", 1, "git://example.com/x", "", "", NULL, UNSET },
	{ "github.com/a/b", 1, "https://github.com/a/b", "", "", NULL, UNSET },
	NO("https://example.com/a.tar.gz"),
	NO("https://example.com/a?x=.git"),
	NO("file:///srv/x.git"),
	NO("ext::sh -c id"),
	NO("./x.git"),
	NO("x.git"),
	NO("/srv/git@x:y"),
	NO(""),
	BAD(URL "#--upload-pack=x"),
	BAD(URL "?ref=--upload-pack%3Dx"),
	BAD(URL "#a..b"),
	BAD(URL "#a b"),
	BAD(URL "#a%0Ab"),
	BAD(URL "#a%zz"),
	BAD(URL "#a%00b"),
	BAD(URL "#main:x%2"),
	BAD(URL "?ref=a&ref=b"),
	BAD(URL "?ref=a#b"),
	BAD(URL "?ref="),
	BAD(URL "?nothing=1"),
	BAD(URL "?tag=a&branch=b"),
	BAD(URL "?checksum=xyz"),
	BAD(URL "?submodules=perhaps"),
	BAD("ssh://-oProxyCommand=x/y.git"),
	BAD("ssh://git@-oProxyCommand=x/y.git"),
	BAD("git@-host:x"),
	BAD("git@host:-x"),
};

static void each_url_is_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *w = &rows[i];
		auto_(arena) struct arena a = { 0 };
		struct git_url u = { 0 };
		struct err e = { 0 };
		int r = git_url_parse(w->text, &a, &u, &e);

		if (r != w->r)
			fail_msg("'%s': %d %s", w->text, r, e.msg);
		if (r <= 0)
			continue;
		if (!streq(u.remote, w->remote) || !streq(u.ref, w->ref) ||
		    !streq(u.subdir, w->subdir))
			fail_msg("'%s': '%s' '%s' '%s'", w->text, u.remote, u.ref, u.subdir);
		assert_int_equal(u.keep_git_dir, w->keep);
		assert_int_equal(u.submodules, w->submodules);
		if (w->checksum)
			assert_string_equal(u.checksum, w->checksum);
		else
			assert_null(u.checksum);
	}
}

static void a_name_is_the_last_component(void **state)
{
	auto_(arena) struct arena a = { 0 };
	struct git_url u;

	(void)state;
	assert_int_equal(git_url_parse(URL "#x", &a, &u, NULL), 1);
	assert_string_equal(u.name, "b");
	assert_int_equal(git_url_parse("http://h/c.git?mtime=commit", &a, &u, NULL), 1);
	assert_string_equal(u.name, "c");
	assert_true(u.unencrypted && u.mtime_commit);
}

static void commits_are_hex_of_one_of_two_lengths(void **state)
{
	(void)state;
	assert_true(git_is_commit("0123456789abcdef0123456789abcdef01234567"));
	assert_false(git_is_commit("0123456789abcdef0123456789abcdef0123456"));
	assert_false(git_is_commit("g123456789abcdef0123456789abcdef01234567"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_url_is_what_the_table_says),
		cmocka_unit_test(a_name_is_the_last_component),
		cmocka_unit_test(commits_are_hex_of_one_of_two_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
