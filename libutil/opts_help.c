/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/opts.h"
#include "libutil/wrap.h"

/* A longer left side gets a line of its own. */
#define COLUMN_MAX 32
#define COLUMN_GAP 2

static const struct opt help_row = {
	.letter = 'h', .name = "help", .kind = OPT_FLAG, .help = "show this help"
};

void opt_value_name(const struct opt *o, struct strbuf *out)
{
	if (o->arg) {
		strbuf_adds(out, o->arg);
	} else if (o->kind == OPT_CHOICE) {
		for (size_t i = 0; o->choices[i]; i++)
			strbuf_addf(out, "%s%s", i ? "|" : "", o->choices[i]);
	} else {
		strbuf_adds(out, "VALUE");
	}
}

/* Choices that neither the value's name nor the text tells. */
static bool hides_choices(const struct opt *o)
{
	if (o->kind != OPT_CHOICE || !o->arg)
		return false;
	for (size_t i = 0; o->choices[i]; i++)
		if (!o->help || !strstr(o->help, o->choices[i]))
			return true;
	return false;
}

void opt_help_text(const struct opt *o, struct strbuf *out)
{
	strbuf_adds(out, o->help ? o->help : "");
	if (!hides_choices(o))
		return;
	for (size_t i = 0; o->choices[i]; i++)
		strbuf_addf(out, "%s%s",
			    i == 0              ? ": "
			    : o->choices[i + 1] ? ", "
						: " or ",
			    o->choices[i]);
}

/* "  -b, --bundle DIR" */
static void add_left(const struct opt *o, struct strbuf *out)
{
	if (o->letter)
		strbuf_addf(out, "  -%c%s", o->letter, o->name ? ", " : "");
	else
		strbuf_adds(out, "      ");
	if (o->name)
		strbuf_addf(out, "--%s", o->name);
	if (!opt_takes_value(o))
		return;
	strbuf_adds(out, o->bits & OPT_OPTIONAL ? "[=" : " ");
	opt_value_name(o, out);
	strbuf_adds(out, o->bits & OPT_OPTIONAL ? "]" : "");
}

static int left_columns(const struct opt *o)
{
	auto_(strbuf) struct strbuf left = { 0 };

	add_left(o, &left);
	return wrap_columns(strbuf_str(&left), left.len);
}

static void add_row(const struct opt *o, int column, struct strbuf *out)
{
	auto_(strbuf) struct strbuf help = { 0 };
	int at = left_columns(o);

	add_left(o, out);
	if (at + COLUMN_GAP > column) {
		strbuf_addc(out, '\n');
		at = 0;
	}
	strbuf_addf(out, "%*s", column - at, "");
	opt_help_text(o, &help);
	wrap_text(out, strbuf_str(&help), column);
}

static bool has_help(const struct opt *rows)
{
	for (; rows && !opt_is_end(rows); rows++)
		if (rows->name && streq(rows->name, help_row.name))
			return true;
	return false;
}

void opts_help(const struct opt *rows, struct strbuf *out)
{
	int column = left_columns(&help_row) + COLUMN_GAP;

	for (const struct opt *o = rows; o && !opt_is_end(o); o++) {
		int wide = left_columns(o) + COLUMN_GAP;

		if (!(o->bits & OPT_HIDDEN) && wide > column && wide <= COLUMN_MAX)
			column = wide;
	}
	for (const struct opt *o = rows; o && !opt_is_end(o); o++)
		if (!(o->bits & OPT_HIDDEN))
			add_row(o, column, out);
	if (!has_help(rows))
		add_row(&help_row, column, out);
}
