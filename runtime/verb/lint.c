/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/lint/lint.h"

#include <stdio.h>

#include "runtime/verb/globals.h"
#include "runtime/verb/verbs.h"

enum format { TEXT, JSON };
static const char *const formats[] = { "text", "json", NULL };
static const char *const levels[] = {
	[LINT_ERROR] = "error",
	[LINT_WARNING] = "warning",
	[LINT_NOTE] = "note",
	NULL,
};

struct values {
	int format, level;
	const char *config;
	struct strv ignore;
};

#define AT(member) offsetof(struct values, member)

static const struct opt opts[] = {
	{ 'f', "format", OPT_CHOICE, 0, AT(format), "FORMAT", "how the findings are printed",
	  formats, NULL },
	{ 0, "config", OPT_STRING, 0, AT(config), "FILE", "look at FILE in place of config.json",
	  NULL, NULL },
	{ 0, "ignore", OPT_LIST, 0, AT(ignore), "RULE", "leave out a rule; may be repeated", NULL,
	  NULL },
	{ 0, "level", OPT_CHOICE, 0, AT(level), "LEVEL", "least important findings to print",
	  levels, NULL },
	OPT_END,
};

static void defaults(void *values)
{
	((struct values *)values)->level = LINT_NOTE;
}

static int exit_status(const struct lint *l)
{
	if (l->count[LINT_ERROR])
		return VERB_LINT_ERRORS;
	return l->count[LINT_WARNING] ? VERB_LINT_WARNINGS : 0;
}

static int run(const void *global, void *values, char *const *args, int n, struct err *e)
{
	const struct values *v = values;
	const struct lint_request req = {
		.host = globals_host(global),
		.bundle = n > 0 ? args[0] : ".",
		.config = v->config,
		.ignore = v->ignore,
		.least = (enum lint_level)v->level,
	};
	auto_(strbuf) struct strbuf out = { 0 };
	auto_(lint) struct lint l = { .bundlefd = -1 };
	int r = lint_run(&l, &req, e);

	if (r < 0)
		return r;
	if (v->format == JSON)
		lint_report_json(&l, &out);
	else
		lint_report_text(&l, &out);
	r = strbuf_check(&out, "findings", e);
	if (r < 0)
		return r;
	(void)fputs(strbuf_str(&out), stdout);
	return exit_status(&l);
}

const struct verb verb_lint = {
	.name = "lint",
	.args = "[BUNDLE]",
	.summary = "say what is wrong with a bundle, or risky, before anything runs",
	.details =
		"BUNDLE is the working directory when it is left out. Each finding has its place in config.json, a "
		"level, a rule, and what to do: an error keeps the container from being created here or breaks the "
		"specification, a warning gives it power over the host or is probably a mistake, a note is worth "
		"knowing. The exit status says what the worst one is. Nothing is changed.",
	.more = lint_rules_help,
	.opts = opts,
	.opts_size = sizeof(struct values),
	.defaults = defaults,
	.min_args = 0,
	.max_args = 1,
	.stop_after = -1,
	.run = run,
};
