/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of a manual page that the tables know: man(7) requests. */
#include <ctype.h>
#include <stdlib.h>

#include "libutil/verb_rows.h"

/* `s` as roff shows it literally; at_start: the text begins an input line. */
static void add_text(struct strbuf *out, const char *s, bool at_start)
{
	for (; *s; s++) {
		if (at_start && *s == '.')
			strbuf_adds(out, "\\&");
		at_start = *s == '\n';
		if (*s == '\\')
			strbuf_adds(out, "\\e");
		else if (*s == '-')
			strbuf_adds(out, "\\-");
		else if (*s == '\'')
			strbuf_adds(out, "\\(aq");
		else
			strbuf_addc(out, *s);
	}
}

/* Table texts are fragments: "where state lives" becomes "Where state lives." */
static void add_sentence(struct strbuf *out, const char *fragment)
{
	char first[2] = { (char)toupper((unsigned char)fragment[0]), '\0' };

	if (!first[0])
		return;
	add_text(out, first, true);
	add_text(out, fragment + 1, false);
	strbuf_adds(out, ".\n");
}

static void add_styled(struct strbuf *out, char style, const char *text)
{
	strbuf_addf(out, "\\f%c", style);
	add_text(out, text, false);
	strbuf_adds(out, "\\fR");
}

static void add_value(struct strbuf *out, const struct opt *o)
{
	auto_(strbuf) struct strbuf name = { 0 };
	bool optional = (o->bits & OPT_OPTIONAL) != 0;

	opt_value_name(o, &name);
	strbuf_adds(out, optional ? "[=" : " ");
	add_styled(out, 'I', strbuf_str(&name));
	strbuf_adds(out, optional ? "]" : "");
}

static void add_option(struct strbuf *out, const struct opt *o)
{
	char letter[3] = { '-', o->letter, '\0' };
	auto_(strbuf) struct strbuf help = { 0 };

	strbuf_adds(out, ".TP\n");
	if (o->letter)
		add_styled(out, 'B', letter);
	if (o->letter && o->name)
		strbuf_adds(out, ", ");
	if (o->name) {
		strbuf_adds(out, "\\fB\\-\\-");
		add_text(out, o->name, false);
		strbuf_adds(out, "\\fR");
	}
	if (opt_takes_value(o))
		add_value(out, o);
	strbuf_addc(out, '\n');
	opt_help_text(o, &help);
	add_sentence(out, strbuf_str(&help));
}

static void add_options(struct strbuf *out, const struct opt *rows)
{
	for (; rows && !opt_is_end(rows); rows++)
		if (!(rows->bits & OPT_HIDDEN))
			add_option(out, rows);
}

/* Paragraphs; lines that begin with a blank keep their shape. */
static void add_details(struct strbuf *out, const char *text)
{
	bool literal = false;

	strbuf_adds(out, ".PP\n");
	while (*text) {
		size_t len = strcspn(text, "\n");
		autofree char *line = strndup(text, len);
		bool keep = text[0] == ' ';

		if (keep != literal)
			strbuf_adds(out, keep ? ".nf\n" : ".fi\n");
		literal = keep;
		if (len)
			add_text(out, line ? line : "", true);
		else
			strbuf_adds(out, ".PP");
		strbuf_addc(out, '\n');
		text += len + (text[len] == '\n');
	}
	if (literal)
		strbuf_adds(out, ".fi\n");
}

static void add_verb(struct strbuf *out, const struct program *p, const struct verb *v)
{
	auto_(strbuf) struct strbuf details = { 0 };

	strbuf_adds(out, ".SS \"");
	add_text(out, p->name, false);
	strbuf_addc(out, ' ');
	add_text(out, v->name, false);
	strbuf_adds(out, " [OPTIONS]");
	if (v->args && *v->args) {
		strbuf_addc(out, ' ');
		add_text(out, v->args, false);
	}
	strbuf_adds(out, "\"\n");
	add_sentence(out, v->summary);
	if (v->alias) {
		strbuf_adds(out, "Also written ");
		for (const char *alias = v->alias, *next; alias; alias = next) {
			autofree char *one = xstrndup(alias, verb_spelling(alias, &next));

			add_styled(out, 'B', one);
			strbuf_adds(out, next ? ", " : ".\n");
		}
	}
	verb_details(v, &details);
	if (details.len)
		add_details(out, strbuf_str(&details));
	add_options(out, v->opts);
}

static void add_exits(struct strbuf *out, const struct exit_row *row)
{
	if (!row)
		return;
	strbuf_adds(out, ".SH EXIT STATUS\n");
	for (; row->meaning; row++) {
		strbuf_addf(out, ".TP\n\\fB%d\\fR\n", row->status);
		add_sentence(out, row->meaning);
	}
}

void verb_write_man_options(const struct opt *rows, struct strbuf *out)
{
	strbuf_adds(out, ".SH OPTIONS\n");
	add_options(out, rows);
}

void verb_write_man(const struct program *p, struct strbuf *out)
{
	static const struct opt help = { .letter = 'h',
					 .name = "help",
					 .help = "show a help text" };
	size_t size, version;
	struct opt *rows = verb_global_rows(p, &size, &version);

	strbuf_adds(out, ".SH OPTIONS\nThese stand before the command.\n");
	add_options(out, rows);
	add_option(out, &help);
	free(rows);
	strbuf_adds(out, ".SH COMMANDS\n");
	for (const struct verb *const *v = p->verbs; *v; v++)
		if (!(*v)->hidden)
			add_verb(out, p, *v);
	add_exits(out, p->exits);
}
