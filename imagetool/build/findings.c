/* SPDX-License-Identifier: Apache-2.0 */
/* What is legal and mostly a mistake, and what went wrong where, in BuildKit's words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/build/internal.h"

static char *finding_line(const struct finding *f)
{
	return xasprintf("%s: %s (line %u)", check_name(f->rule), f->message, f->first_line);
}

void build_tell_findings(struct build *b)
{
	/* --check has its own way to say them. */
	if (b->opts->call != BUILD_CALL_BUILD)
		return;
	for (; b->told < b->checks.n; b->told++) {
		const struct finding *f = &b->checks.items[b->told];
		autofree char *text = finding_line(f);
		struct progress_warning w = {
			.text = text,
			.url = check_url(f->rule),
			.file = b->input.name,
			.source = b->input.text,
			.first_line = f->first_line,
			.last_line = f->last_line,
		};

		progress_warning(b->progress, b->definition, &w);
	}
}

/* These say nothing beside what programs read or nobody wants. */
static bool is_silent(const struct build *b)
{
	return b->shown == PROGRESS_QUIET || b->shown == PROGRESS_RAWJSON;
}

static void add_place(const struct build *b, unsigned first, unsigned last, struct strbuf *out)
{
	source_excerpt(out, b->input.name, b->input.text, b->input.len, first, last);
}

void build_print_warnings(const struct build *b)
{
	auto_(strbuf) struct strbuf out = { 0 };
	bool colour = isatty(STDERR_FILENO);

	if (!b->checks.n || is_silent(b))
		return;
	strbuf_addf(&out, "\n %s%zu warning%s found%s:%s\n", colour ? b->colours.warning : "",
		    b->checks.n, b->checks.n == 1 ? "" : "s",
		    b->opts->debug ? "" : " (use --debug to expand)", colour ? b->colours.off : "");
	for (size_t i = 0; i < b->checks.n; i++) {
		const struct finding *f = &b->checks.items[i];
		autofree char *text = finding_line(f);

		strbuf_adds(&out, " - ");
		strbuf_add_printable(&out, text, strlen(text), "");
		strbuf_addc(&out, '\n');
		if (!b->opts->debug)
			continue;
		if (check_url(f->rule))
			strbuf_addf(&out, "More info: %s\n", check_url(f->rule));
		add_place(b, f->first_line, f->last_line, &out);
		strbuf_addc(&out, '\n');
	}
	(void)fputs(strbuf_str(&out), stderr);
}

void build_print_place(const struct build *b)
{
	auto_(strbuf) struct strbuf out = { 0 };

	if (!b->failed_first_line || !b->input.text || b->shown == PROGRESS_RAWJSON)
		return;
	add_place(b, b->failed_first_line, b->failed_last_line, &out);
	(void)fputs(strbuf_str(&out), stderr);
}

int build_judge_findings(const struct build *b, struct err *e)
{
	auto_(strbuf) struct strbuf names = { 0 };
	bool named[CHECK_RULES] = { false };

	if (!b->checks.fail || !b->checks.n)
		return 0;
	for (size_t i = 0; i < b->checks.n; i++) {
		enum check_rule rule = b->checks.items[i].rule;

		if (named[rule])
			continue;
		named[rule] = true;
		strbuf_addf(&names, "%s%s", names.len ? ", " : "", check_name(rule));
	}
	return err_set(e, EINVAL, "lint violation found for rules: %s", strbuf_str(&names));
}
