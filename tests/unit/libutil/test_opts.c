/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/opts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct values {
	const char *bundle, *log;
	bool detach, tty, no_subreaper;
	struct strv env;
	uint32_t fds;
	int64_t number, memory;
	int format;
	char called[64];
};

static int call(void *values, const char *text, struct err *e)
{
	struct values *v = values;

	if (text && streq(text, "bad"))
		return err_set(e, EINVAL, "the row's own words");
	(void)snprintf(v->called, sizeof(v->called), "%s", text ? text : "(none)");
	return 0;
}

static const char *const formats[] = { "table", "json", NULL };

#define AT(member) .offset = offsetof(struct values, member)
static const struct opt rows[] = {
	{ 'b', "bundle", OPT_STRING, AT(bundle), .arg = "DIR", .help = "path of the bundle" },
	{ 'd', "detach", OPT_FLAG, AT(detach), .help = "do not wait" },
	{ 't', "tty", OPT_FLAG, AT(tty), .help = "with a terminal" },
	{ 'e', "env", OPT_LIST, AT(env), .arg = "NAME=VALUE", .help = "set a variable" },
	{ 0, "preserve-fds", OPT_U32, AT(fds), .arg = "N", .help = "pass descriptors" },
	{ 'n', NULL, OPT_I64, AT(number), .arg = "N", .help = "a number" },
	{ 'm', "memory", OPT_SIZE, AT(memory), .arg = "SIZE", .help = "limit of memory" },
	{ 'f', "format", OPT_CHOICE, AT(format), .choices = formats, .help = "how to print" },
	{ 'c', "call", OPT_CALL, .call = call, .arg = "TEXT", .help = "call" },
	{ 'V', "verbose", OPT_CALL, .call = call, .help = "call without a value" },
	{ 'l', "log", OPT_STRING, OPT_OPTIONAL, AT(log), .arg = "FILE", .help = "log" },
	{ 0, "no-subreaper", OPT_FLAG, OPT_HIDDEN, AT(no_subreaper) },
	OPT_END,
};

/* A command line that is read and what came of it. */
struct line {
	struct values v;
	struct strv args;
	struct err e;
	int r;
};

static void read_line(struct line *l, int stop_after, const char *text)
{
	auto_(strv) struct strv argv = { 0 };
	static char kept[1024];

	/* Values point into argv, which must outlive them. */
	assert_true(strlen(text) < sizeof(kept));
	*l = (struct line){ .v = { .number = 5, .memory = 5, .format = 1 } };
	strv_split(&argv, text, ' ', true);
	l->r = opts_parse(rows, &l->v, strv_argv(&argv), stop_after, &l->args, &l->e);
	if (l->v.bundle)
		l->v.bundle = strcpy(kept, l->v.bundle);
	if (l->v.log)
		l->v.log = strcpy(kept + 512, l->v.log);
}

static void line_done(struct line *l)
{
	opts_done(rows, &l->v);
	strv_done(&l->args);
}

static void expect_error(const char *text, const char *want)
{
	struct line l;

	read_line(&l, -1, text);
	assert_int_equal(l.r, -EINVAL);
	assert_string_equal(l.e.msg, want);
	line_done(&l);
}

static void expect_args(int stop_after, const char *text, const char *want)
{
	struct line l;
	autofree char *got = NULL;

	read_line(&l, stop_after, text);
	assert_int_equal(l.r, 0);
	got = strv_join(&l.args, " ");
	assert_string_equal(got, want);
	line_done(&l);
}

static void a_value_has_many_spellings(void **state UNUSED)
{
	static const char *const spellings[] = {
		"x -b dir",      "x -bdir",       "x -b=dir",   "x --bundle dir", "x --bundle=dir",
		"x -bundle dir", "x -bundle=dir", "x -dtb dir", "x -dbdir"
	};

	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		struct line l;

		read_line(&l, -1, spellings[i]);
		assert_int_equal(l.r, 0);
		assert_string_equal(l.v.bundle, "dir");
		assert_int_equal(l.args.n, 0);
		line_done(&l);
	}
}

static void flags_are_set_and_unset(void **state UNUSED)
{
	struct line l;

	read_line(&l, -1, "x -dt -no-subreaper");
	assert_true(l.v.detach && l.v.tty && l.v.no_subreaper);
	line_done(&l);
	read_line(&l, -1, "x --detach --tty=true --detach=false -t=0");
	assert_int_equal(l.r, 0);
	assert_false(l.v.detach || l.v.tty);
	line_done(&l);
}

static void every_kind_fills_its_target(void **state UNUSED)
{
	struct line l;

	read_line(&l, -1,
		  "x -e A=1 --env=B=2 --preserve-fds 4294967295 -n -7 -m 1.5k -f table -c hello");
	assert_int_equal(l.r, 0);
	assert_int_equal(l.v.env.n, 2);
	assert_string_equal(l.v.env.v[0], "A=1");
	assert_string_equal(l.v.env.v[1], "B=2");
	assert_true(l.v.fds == UINT32_MAX);
	assert_true(l.v.number == -7 && l.v.memory == 1536);
	assert_int_equal(l.v.format, 0);
	assert_string_equal(l.v.called, "hello");
	line_done(&l);
}

static void what_is_not_given_keeps_its_default(void **state UNUSED)
{
	struct line l;

	read_line(&l, -1, "x");
	assert_true(l.v.number == 5 && l.v.memory == 5 && l.v.format == 1 && !l.v.bundle);
	line_done(&l);
}

static void an_optional_value_needs_the_equals_sign(void **state UNUSED)
{
	struct line l;

	read_line(&l, -1, "x --log file -V");
	assert_string_equal(l.v.log, "");
	assert_string_equal(l.v.called, "(none)");
	assert_int_equal(l.args.n, 1);
	line_done(&l);
	read_line(&l, -1, "x --log=file");
	assert_string_equal(l.v.log, "file");
	line_done(&l);
	read_line(&l, -1, "x -ld -l=y");
	assert_string_equal(l.v.log, "y");
	assert_true(l.v.detach);
	line_done(&l);
}

static void options_and_arguments_may_mix(void **state UNUSED)
{
	expect_args(-1, "x a -d b --bundle c d", "a b d");
	expect_args(-1, "x a -- -d --", "a -d --");
	expect_args(-1, "x - -d -", "- -");
}

static void what_follows_belongs_to_somebody_else(void **state UNUSED)
{
	expect_args(1, "x -d web ls -l --bundle", "web ls -l --bundle");
	expect_args(1, "x -d web -- ls -- -l", "web ls -- -l");
	expect_args(1, "x -- web -t", "web -t");
	expect_args(0, "x -d run --bundle", "run --bundle");
	expect_args(0, "x -d", "");
	expect_args(2, "x a -d b -d", "a b -d");
}

static void help_is_told_from_its_letter_and_name(void **state UNUSED)
{
	static const char *const lines[] = { "x -h", "x --help", "x -help", "x -dh", "x a --help" };

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct line l;

		read_line(&l, -1, lines[i]);
		assert_int_equal(l.r, 1);
		line_done(&l);
	}
	expect_args(1, "x web -h", "web -h");
}

static void a_row_may_take_the_letter_of_help(void **state UNUSED)
{
	static const struct opt host[] = { { 'h', "host", OPT_STRING, .arg = "NAME" }, OPT_END };
	char *argv[] = { (char[]){ "x" }, (char[]){ "-h" }, (char[]){ "me" }, NULL };
	const char *name = NULL;
	struct strv args = { 0 };

	assert_int_equal(opts_parse(host, &name, argv, -1, &args, NULL), 0);
	assert_string_equal(name, "me");
}

static void unknown_options_name_the_nearest(void **state UNUSED)
{
	expect_error("x --bundel", "unknown option '--bundel', did you mean '--bundle'?");
	expect_error("x --detatch=true", "unknown option '--detatch', did you mean '--detach'?");
	expect_error("x --pre", "unknown option '--pre', did you mean '--preserve-fds'?");
}

static void unknown_options_without_a_neighbour_are_just_unknown(void **state UNUSED)
{
	expect_error("x --zebra-crossing", "unknown option '--zebra-crossing'");
	expect_error("x --subreaper", "unknown option '--subreaper'");
	expect_error("x -z", "unknown option '-z'");
	expect_error("x -dz", "unknown option '-z' in '-dz'");
	expect_error("x --=x", "unknown option '--'");
}

static void wrong_values_are_shown(void **state UNUSED)
{
	expect_error("x --bundle", "option '--bundle': flag needs an argument (DIR)");
	expect_error("x -db", "option '-b': flag needs an argument (DIR)");
	expect_error("x --detach=maybe", "option '--detach': 'maybe' is neither true nor false");
	expect_error("x --preserve-fds -1",
		     "option '--preserve-fds': '-1' is no number from 0 to 4294967295");
	expect_error("x -n 1x", "option '-n': '1x' is no whole number");
	expect_error("x -m 1x", "option '-m': '1x' is no size such as 4096, 512k, 1.5g or -1");
	expect_error("x --format=xml",
		     "option '--format': unknown value 'xml', use one of: table, json");
	expect_error("x --verbose=1", "option '--verbose': takes no value");
	expect_error("x -c bad", "the row's own words");
}

static void help_is_aligned_and_folded(void **state UNUSED)
{
	static const struct opt few[] = {
		{ 'b', "bundle", OPT_STRING, .arg = "DIR", .help = "path of the bundle" },
		{ 0, "format", OPT_CHOICE, .choices = formats,
		  .help = "a help text that is so long that it does not fit into one line of "
			  "eighty columns" },
		{ 'l', NULL, OPT_FLAG, .help = "letter only" },
		{ 0, "an-option-with-a-very-long-name", OPT_STRING, OPT_OPTIONAL, .arg = "X",
		  .help = "on its own line" },
		{ 0, "hidden", OPT_FLAG, OPT_HIDDEN, .help = "not shown" },
		OPT_END,
	};
	auto_(strbuf) struct strbuf out = { 0 };

	opts_help(few, &out);
	assert_string_equal(
		strbuf_str(&out),
		"  -b, --bundle DIR         path of the bundle\n"
		"      --format table|json  a help text that is so long that it does not fit into\n"
		"                           one line of eighty columns\n"
		"  -l                       letter only\n"
		"      --an-option-with-a-very-long-name[=X]\n"
		"                           on its own line\n"
		"  -h, --help               show this help\n");
}

static void choices_are_told_once(void **state UNUSED)
{
	static const struct opt few[] = {
		{ .name = "a",
		  .kind = OPT_CHOICE,
		  .arg = "HOW",
		  .choices = formats,
		  .help = "print" },
		{ .name = "b",
		  .kind = OPT_CHOICE,
		  .arg = "HOW",
		  .choices = formats,
		  .help = "json, or a table" },
		{ .name = "c", .kind = OPT_CHOICE, .choices = formats, .help = "print" },
		OPT_END,
	};
	auto_(strbuf) struct strbuf out = { 0 };

	opts_help(few, &out);
	assert_string_equal(strbuf_str(&out), "      --a HOW         print: table or json\n"
					      "      --b HOW         json, or a table\n"
					      "      --c table|json  print\n"
					      "  -h, --help          show this help\n");
}

static void no_rows_are_rows_too(void **state UNUSED)
{
	char *argv[] = { (char[]){ "x" }, (char[]){ "a" }, NULL };
	auto_(strbuf) struct strbuf out = { 0 };
	auto_(strv) struct strv args = { 0 };

	assert_int_equal(opts_parse(NULL, NULL, argv, -1, &args, NULL), 0);
	assert_int_equal(args.n, 1);
	opts_done(NULL, NULL);
	opts_help(NULL, &out);
	assert_string_equal(strbuf_str(&out), "  -h, --help  show this help\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_has_many_spellings),
		cmocka_unit_test(flags_are_set_and_unset),
		cmocka_unit_test(every_kind_fills_its_target),
		cmocka_unit_test(what_is_not_given_keeps_its_default),
		cmocka_unit_test(an_optional_value_needs_the_equals_sign),
		cmocka_unit_test(options_and_arguments_may_mix),
		cmocka_unit_test(what_follows_belongs_to_somebody_else),
		cmocka_unit_test(help_is_told_from_its_letter_and_name),
		cmocka_unit_test(a_row_may_take_the_letter_of_help),
		cmocka_unit_test(unknown_options_name_the_nearest),
		cmocka_unit_test(unknown_options_without_a_neighbour_are_just_unknown),
		cmocka_unit_test(wrong_values_are_shown),
		cmocka_unit_test(help_is_aligned_and_folded),
		cmocka_unit_test(choices_are_told_once),
		cmocka_unit_test(no_rows_are_rows_too),
	};

	return cmocka_run_group_tests_name("opts", tests, NULL, NULL);
}
