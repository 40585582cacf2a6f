/* SPDX-License-Identifier: Apache-2.0 */
/* A bash completion function from the tables; it needs nothing but bash. */
#include <stdlib.h>

#include "libutil/verb_rows.h"

/* "creel-image" -> "_creel_image" */
static void add_function_name(struct strbuf *out, const char *program)
{
	strbuf_addc(out, '_');
	for (; *program; program++)
		strbuf_addc(out, *program == '-' ? '_' : *program);
}

static bool shown(const struct opt *o)
{
	return !(o->bits & OPT_HIDDEN);
}

/* "-b|--bundle", as a case pattern. */
static void add_pattern(struct strbuf *out, const struct opt *o)
{
	if (o->letter)
		strbuf_addf(out, "-%c%s", o->letter, o->name ? "|" : "");
	if (o->name)
		strbuf_addf(out, "--%s", o->name);
}

/* Options with a value, so that the value is not taken for the verb. */
static void add_value_patterns(struct strbuf *out, const struct opt *rows)
{
	const char *bar = "";

	for (; !opt_is_end(rows); rows++) {
		if (!opt_takes_value(rows) || rows->bits & OPT_OPTIONAL)
			continue;
		strbuf_adds(out, bar);
		add_pattern(out, rows);
		bar = "|";
	}
	/* A pattern that matches nothing keeps the case well formed. */
	if (!*bar)
		strbuf_adds(out, "--=");
}

static bool names_file(const char *arg)
{
	return arg && (strstr(arg, "FILE") || strstr(arg, "PATH") || strstr(arg, "SOCKET"));
}

/* What compgen offers for a value; NULL when only the user knows. */
static const char *compgen_action(const char *arg)
{
	if (arg && strstr(arg, "DIR"))
		return "-d";
	return names_file(arg) ? "-f" : NULL;
}

static void add_value_case(struct strbuf *out, const struct opt *o)
{
	const char *action = compgen_action(o->arg);

	strbuf_adds(out, "\t\t");
	add_pattern(out, o);
	strbuf_adds(out, ") ");
	if (o->kind == OPT_CHOICE) {
		strbuf_adds(out, "COMPREPLY=($(compgen -W \"");
		for (size_t i = 0; o->choices[i]; i++)
			strbuf_addf(out, "%s%s", i ? " " : "", o->choices[i]);
		strbuf_adds(out, "\" -- \"$cur\")); ");
	} else if (action) {
		strbuf_addf(out, "COMPREPLY=($(compgen %s -- \"$cur\")); ", action);
	}
	strbuf_adds(out, "return ;;\n");
}

static void add_value_cases(struct strbuf *out, const struct opt *rows)
{
	bool any = false;

	for (const struct opt *o = rows; o && !opt_is_end(o); o++) {
		if (!shown(o) || !opt_takes_value(o))
			continue;
		if (!any)
			strbuf_adds(out, "\t\tcase $prev in\n");
		any = true;
		add_value_case(out, o);
	}
	if (any)
		strbuf_adds(out, "\t\tesac\n");
}

static void add_option_words(struct strbuf *out, const struct opt *rows)
{
	strbuf_adds(out, "\t\toptions=\"");
	for (; rows && !opt_is_end(rows); rows++)
		if (shown(rows) && rows->name)
			strbuf_addf(out, "--%s ", rows->name);
	strbuf_adds(out, "--help\"\n");
}

/* "CONTAINER" stands first in "CONTAINER [SIGNAL]", and in "CONTAINER...". */
static bool begins_with_arg(const char *args, const char *arg)
{
	size_t len = strlen(arg);

	return args && strncmp(args, arg, len) == 0 && strchr(" .", args[len]);
}

/* What exists is asked of the program itself, with the global options that were typed. */
static void add_names(struct strbuf *out, const struct program *p, const struct verb *v)
{
	for (const struct completion_row *row = p->completions; row && row->arg; row++)
		if (begins_with_arg(v->args, row->arg))
			strbuf_addf(out,
				    "\t\t[[ $cur == -* ]] ||\n"
				    "\t\t\twords=$(\"${program[@]}\" %s 2>/dev/null)\n",
				    row->command);
}

static void add_verb(struct strbuf *out, const struct program *p, const struct verb *v)
{
	const char *action = compgen_action(v->args);

	/* Two words are one pattern. */
	strbuf_addf(out, strchr(v->name, ' ') ? "\t'%s'" : "\t%s", v->name);
	for (const char *alias = v->alias, *next; alias; alias = next) {
		strbuf_adds(out, "|'");
		strbuf_add(out, alias, verb_spelling(alias, &next));
		strbuf_addc(out, '\'');
	}
	strbuf_adds(out, ")\n");
	add_value_cases(out, v->opts);
	add_option_words(out, v->opts);
	if (action)
		strbuf_addf(out, "\t\tothers=%s\n", action);
	add_names(out, p, v);
	strbuf_adds(out, "\t\t;;\n");
}

static void add_verb_words(struct strbuf *out, const struct program *p)
{
	strbuf_adds(out, "\t\twords=\"");
	for (size_t i = 0; p->verbs[i]; i++) {
		const char *name = p->verbs[i]->name;
		size_t group = verb_group_length(p, i);

		if (p->verbs[i]->hidden || (strchr(name, ' ') && !group))
			continue;
		strbuf_addf(out, "%.*s ", group ? (int)group : (int)strlen(name), name);
	}
	strbuf_adds(out, "help\"\n");
}

static void add_group(struct strbuf *out, const struct program *p, const char *group)
{
	strbuf_addf(out, "\t%s)\n\t\twords=\"", group);
	for (const struct verb *const *v = p->verbs; *v; v++)
		if (!(*v)->hidden && verb_in_group(*v, group))
			strbuf_addf(out, "%s ", verb_in_group(*v, group));
	strbuf_adds(out, "\"\n\t\t;;\n");
}

/* The second word belongs to the name once something stands behind it. */
static void add_groups(struct strbuf *out, const struct program *p)
{
	const char *bar = "";

	strbuf_adds(out, "\tif ((i + 1 < COMP_CWORD)); then\n\t\tcase $verb in\n\t\t");
	for (size_t i = 0; p->verbs[i]; i++) {
		size_t len = verb_group_length(p, i);

		if (!len)
			continue;
		strbuf_addf(out, "%s%.*s", bar, (int)len, p->verbs[i]->name);
		bar = "|";
	}
	strbuf_adds(out, ") verb+=\" ${COMP_WORDS[i+1]}\" ;;\n\t\tesac\n\tfi\n");
}

static bool has_groups(const struct program *p)
{
	for (size_t i = 0; p->verbs[i]; i++)
		if (strchr(p->verbs[i]->name, ' '))
			return true;
	return false;
}

/* Before the verb: global options and the verbs' names. */
static void add_global(struct strbuf *out, const struct program *p, const struct opt *rows)
{
	strbuf_adds(out, "\t'')\n");
	add_value_cases(out, rows);
	add_option_words(out, rows);
	add_verb_words(out, p);
	strbuf_adds(out, "\t\t;;\n\thelp)\n");
	add_verb_words(out, p);
	strbuf_adds(out, "\t\t;;\n");
}

static const char find_verb[] =
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal i verb='' options='' words='' others='' program=(\"$1\")\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t# bash splits --name=value at the '='.\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=''\n"
	"\telif [[ $prev == = ]] && ((COMP_CWORD > 2)); then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n";

static const char after_global[] =
	")\n"
	"\t\t\tif [[ ${COMP_WORDS[i+1]} == = ]]; then\n"
	"\t\t\t\tprogram+=(\"${COMP_WORDS[i]}=${COMP_WORDS[i+2]}\")\n"
	"\t\t\t\ti=$((i + 2))\n"
	"\t\t\telse\n"
	"\t\t\t\tprogram+=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[i+1]}\")\n"
	"\t\t\t\ti=$((i + 1))\n"
	"\t\t\tfi\n"
	"\t\t\t;;\n"
	"\t\t-*) program+=(\"${COMP_WORDS[i]}\") ;;\n"
	"\t\t*)\n"
	"\t\t\tverb=${COMP_WORDS[i]}\n"
	"\t\t\tbreak\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\tdone\n";

static const char the_end[] = "\tesac\n"
			      "\tif [[ $cur == -* ]]; then\n"
			      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
			      "\telif [[ $words ]]; then\n"
			      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
			      "\telif [[ $others ]]; then\n"
			      "\t\tCOMPREPLY=($(compgen \"$others\" -- \"$cur\"))\n"
			      "\tfi\n"
			      "}\n";

void verb_write_completion(const struct program *p, struct strbuf *out)
{
	size_t size, version;
	struct opt *rows = verb_global_rows(p, &size, &version);

	strbuf_addf(out, "# bash completion for %s\n# shellcheck shell=bash disable=SC2207\n\n",
		    p->name);
	add_function_name(out, p->name);
	strbuf_addf(out, "()\n{\n%s\t\t", find_verb);
	add_value_patterns(out, rows);
	strbuf_adds(out, after_global);
	if (has_groups(p))
		add_groups(out, p);
	strbuf_adds(out, "\tcase $verb in\n");
	add_global(out, p, rows);
	for (size_t i = 0; p->verbs[i]; i++) {
		autofree char *group = strndup(p->verbs[i]->name, verb_group_length(p, i));

		if (group && group[0])
			add_group(out, p, group);
	}
	for (const struct verb *const *v = p->verbs; *v; v++)
		if (!(*v)->hidden)
			add_verb(out, p, *v);
	strbuf_adds(out, the_end);
	strbuf_adds(out, "complete -o filenames -F ");
	add_function_name(out, p->name);
	strbuf_addf(out, " %s\n", p->name);
	free(rows);
}
