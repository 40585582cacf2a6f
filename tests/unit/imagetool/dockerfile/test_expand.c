/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/expand.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *get(void *ctx UNUSED, const char *name)
{
	static const struct {
		const char *name, *value;
	} vars[] = {
		{ "A", "one" },          { "B", "two words" },         { "EMPTY", "" },
		{ "P", "a/b/c.tar.gz" }, { "U", "\xc3\xa9t\xc3\xa9" }, { "S", "a*b*c" },
	};

	for (size_t i = 0; i < ARRAY_LEN(vars); i++)
		if (streq(vars[i].name, name))
			return vars[i].value;
	return NULL;
}

static const struct expand plain = { .get = get, .escape = '\\' };

static void quotes_go_and_variables_come(void **state UNUSED)
{
	static const struct {
		const char *word, *want;
	} rows[] = {
		{ "a", "a" },
		{ "$A", "one" },
		{ "x${A}y", "xoney" },
		{ "$Ay", "" },
		{ "$B", "two words" },
		{ "'$A'", "$A" },
		{ "\"$A\"", "one" },
		{ "\"a'b\"", "a'b" },
		{ "\\$A", "$A" },
		{ "\"\\$A \\\" \\\\ \\n\"", "$A \" \\ \\n" },
		{ "a\\ b", "a b" },
		{ "a\\", "a" },
		{ "$", "$" },
		{ "$/", "$/" },
		{ "$1x", "x" },
		{ "${A:-w}", "one" },
		{ "${N:-w}", "w" },
		{ "${EMPTY:-w}", "w" },
		{ "${EMPTY-w}", "" },
		{ "${N-w}", "w" },
		{ "${N:-${A}x}", "onex" },
		{ "${N:-\"a}b\"}", "a}b" },
		{ "${A:+w}", "w" },
		{ "${N:+w}", "" },
		{ "${EMPTY:+w}", "" },
		{ "${EMPTY+w}", "w" },
		{ "${A:?no}", "one" },
		{ "${P#*/}", "b/c.tar.gz" },
		{ "${P##*/}", "c.tar.gz" },
		{ "${P%.*}", "a/b/c.tar" },
		{ "${P%%.*}", "a/b/c" },
		{ "${P#x}", "a/b/c.tar.gz" },
		{ "${P/\\//-}", "a-b/c.tar.gz" },
		{ "${P//\\//-}", "a-b-c.tar.gz" },
		{ "${P//[/-}", "a/b/c.tar.gz" },
		{ "${A/o*/x}", "x" },
		{ "${A//?/x}", "xxx" },
		{ "${U#?}", "t\xc3\xa9" },
		{ "${U%?}", "\xc3\xa9t" },
		{ "${S//\\*/.}", "a.b.c" },
		{ "${N/a/b}", "" },
		{ "${A/n/}", "oe" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(strbuf) struct strbuf out = { 0 };
		struct err e = { 0 };

		if (expand_text(&plain, rows[i].word, &out, &e) < 0)
			fail_msg("'%s': %s", rows[i].word, e.msg);
		assert_string_equal(strbuf_str(&out), rows[i].want);
	}
}

static void what_makes_no_sense_is_refused(void **state UNUSED)
{
	static const struct {
		const char *word, *want;
	} rows[] = {
		{ "'a", "unexpected end of statement while looking for matching single-quote" },
		{ "\"a", "unexpected end of statement while looking for matching double-quote" },
		{ "${", "syntax error: bad substitution at ''" },
		{ "${}", "syntax error: bad substitution at '}'" },
		{ "${A", "syntax error: missing '}'" },
		{ "${A:-w", "syntax error: missing '}'" },
		{ "${A/x}", "syntax error: missing '/'" },
		{ "${A:x}", "unsupported modifier (:x) in substitution" },
		{ "${A^}", "unsupported modifier (^}) in substitution" },
		{ "${N:?}", "N: not allowed to be unset or empty" },
		{ "${N?}", "N: not allowed to be unset" },
		{ "${N:?why not}", "N: why not" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(strbuf) struct strbuf out = { 0 };
		struct err e = { 0 };

		assert_int_equal(expand_text(&plain, rows[i].word, &out, &e), -EINVAL);
		assert_string_equal(e.msg, rows[i].want);
	}
}

static void blanks_separate_words_unless_quoted(void **state UNUSED)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ " a  b ", "a|b" },    { "$B", "two|words" },   { "\"$B\"", "two words" },
		{ "'a b' c", "a b|c" }, { "a\\ b", "a b" },      { "'' a", "|a" },
		{ "$EMPTY", "" },       { "x$B", "xtwo|words" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(strv) struct strv words = { 0 };
		autofree char *joined = NULL;

		assert_int_equal(expand_words(&plain, rows[i].text, &words, NULL), 0);
		joined = strv_join(&words, "|");
		assert_string_equal(joined, rows[i].want);
	}
}

static void here_documents_keep_their_quotes(void **state UNUSED)
{
	const struct expand x = { .get = get, .escape = '\\', .keep_quotes = true };
	auto_(strbuf) struct strbuf out = { 0 };

	assert_int_equal(expand_text(&x, "it's \"$A\" \\$A\n", &out, NULL), 0);
	assert_string_equal(strbuf_str(&out), "it's \"one\" $A\n");
}

static void note_unset(void *ctx, const char *name)
{
	strbuf_addf(ctx, "%s ", name);
}

static void only_plain_uses_of_what_is_not_set_are_told(void **state UNUSED)
{
	auto_(strbuf) struct strbuf told = { 0 }, out = { 0 };
	const struct expand x = { .get = get, .unset = note_unset, .ctx = &told, .escape = '\\' };

	assert_int_equal(expand_text(&x, "$A $N ${M} ${O:-x} ${Q+x}", &out, NULL), 0);
	assert_string_equal(strbuf_str(&told), "N M ");
}

static void braces_in_braces_have_an_end(void **state UNUSED)
{
	auto_(strbuf) struct strbuf word = { 0 }, out = { 0 };

	for (int i = 0; i < EXPAND_DEPTH_MAX + 1; i++)
		strbuf_adds(&word, "${N:-");
	assert_int_equal(expand_text(&plain, strbuf_str(&word), &out, NULL), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_go_and_variables_come),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(blanks_separate_words_unless_quoted),
		cmocka_unit_test(here_documents_keep_their_quotes),
		cmocka_unit_test(only_plain_uses_of_what_is_not_set_are_told),
		cmocka_unit_test(braces_in_braces_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
