/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "libutil/verb_rows.h"
#include "libutil/wrap.h"

#define NAME_GAP 2

static void add_entry(struct strbuf *out, const char *name, int column, const char *text)
{
	strbuf_addf(out, "  %-*s", column - 2, name);
	wrap_text(out, text, column);
}

/* All of them, or (group not NULL) those of one group. */
static bool is_listed(const struct verb *v, const char *group)
{
	return !v->hidden && (!group || verb_in_group(v, group));
}

static void add_verbs(const struct program *p, const char *group, struct strbuf *out)
{
	int column = 0;

	for (const struct verb *const *v = p->verbs; *v; v++) {
		int wide = 2 + (int)strlen((*v)->name) + NAME_GAP;

		if (is_listed(*v, group) && wide > column)
			column = wide;
	}
	strbuf_adds(out, "\nCommands:\n");
	for (const struct verb *const *v = p->verbs; *v; v++)
		if (is_listed(*v, group))
			add_entry(out, (*v)->name, column, (*v)->summary);
}

static void add_exits(const struct program *p, struct strbuf *out)
{
	if (!p->exits)
		return;
	strbuf_adds(out, "\nExit status:\n");
	for (const struct exit_row *row = p->exits; row->meaning; row++) {
		strbuf_addf(out, "  %-5d", row->status);
		wrap_text(out, row->meaning, 7);
	}
}

void verb_program_help(const struct program *p, struct strbuf *out)
{
	size_t size, version;
	struct opt *rows = verb_global_rows(p, &size, &version);

	strbuf_addf(out, "Usage: %s [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n", p->name);
	wrap_text(out, p->summary, 0);
	strbuf_adds(out, "\nGlobal options:\n");
	opts_help(rows, out);
	add_verbs(p, NULL, out);
	add_exits(p, out);
	strbuf_addf(out, "\n'%s help COMMAND' shows the options of one command.\n", p->name);
	free(rows);
}

void verb_group_help(const struct program *p, const char *group, struct strbuf *out)
{
	strbuf_addf(out, "Usage: %s %s COMMAND [OPTIONS] [ARGUMENTS]\n", p->name, group);
	add_verbs(p, group, out);
	strbuf_addf(out, "\n'%s help %s COMMAND' shows the options of one command.\n", p->name,
		    group);
}

void verb_details(const struct verb *v, struct strbuf *out)
{
	if (v->details)
		strbuf_adds(out, v->details);
	if (!v->more)
		return;
	if (out->len)
		strbuf_adds(out, "\n\n");
	v->more(out);
}

void verb_help(const struct program *p, const struct verb *v, struct strbuf *out)
{
	bool has_args = v->args && *v->args;
	auto_(strbuf) struct strbuf details = { 0 };

	strbuf_addf(out, "Usage: %s %s [OPTIONS]%s%s\n\n", p->name, v->name, has_args ? " " : "",
		    has_args ? v->args : "");
	wrap_text(out, v->summary, 0);
	verb_details(v, &details);
	if (details.len) {
		strbuf_addc(out, '\n');
		wrap_text(out, strbuf_str(&details), 0);
	}
	if (v->alias)
		strbuf_addf(out, "\nAlso written: %s ", p->name);
	for (const char *alias = v->alias, *next; alias; alias = next) {
		strbuf_add(out, alias, verb_spelling(alias, &next));
		strbuf_adds(out, next ? ", " : "\n");
	}
	strbuf_adds(out, "\nOptions:\n");
	opts_help(v->opts, out);
}
