/* SPDX-License-Identifier: Apache-2.0 */
/* --check: what a build would complain about, without one. */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/build/answer.h"
#include "libutil/json.h"

static int by_line(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->first_line != y->first_line)
		return x->first_line < y->first_line ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void add_text(const struct build *b, const struct finding *f, struct strbuf *out)
{
	const char *url = check_url(f->rule);

	strbuf_addf(out, "\nWARNING: %s%s%s\n", check_name(f->rule), url ? " - " : "",
		    url ? url : "");
	strbuf_add_printable(out, f->message, strlen(f->message), "");
	strbuf_addc(out, '\n');
	source_excerpt(out, b->input.name, b->input.text, b->input.len, f->first_line,
		       f->last_line);
}

static void write_text(const struct build *b, const struct err *failed, struct strbuf *out)
{
	if (b->checks.n)
		strbuf_addf(out, "Check complete, %zu warning%s been found!\n", b->checks.n,
			    b->checks.n == 1 ? " has" : "s have");
	else if (!failed)
		strbuf_adds(out, "Check complete, no warnings found.\n");
	for (size_t i = 0; i < b->checks.n; i++)
		add_text(b, &b->checks.items[i], out);
	if (!failed)
		return;
	strbuf_addc(out, '\n');
	strbuf_add_printable(out, failed->msg, strlen(failed->msg), "");
	strbuf_addc(out, '\n');
	if (b->failed_first_line)
		source_excerpt(out, b->input.name, b->input.text, b->input.len,
			       b->failed_first_line, b->failed_last_line);
}

/* ---- JSON ---- */

/* None of them is Go's nil. */
static void write_warnings(const struct build *b, struct json_writer *w)
{
	if (!b->checks.n) {
		json_null(w);
		return;
	}
	json_array(w);
	for (size_t i = 0; i < b->checks.n; i++) {
		const struct finding *f = &b->checks.items[i];

		json_object(w);
		json_kv_string(w, "ruleName", check_name(f->rule));
		json_kv_string(w, "description", check_about(f->rule));
		if (check_url(f->rule))
			json_kv_string(w, "url", check_url(f->rule));
		json_kv_string(w, "detail", f->message);
		answer_json_location(w, f->first_line, f->last_line);
		json_object_end(w);
	}
	json_array_end(w);
}

static void write_json(const struct build *b, const struct err *failed, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	json_object(&w);
	json_key(&w, "warnings");
	write_warnings(b, &w);
	answer_json_sources(b, &w);
	if (failed) {
		json_key(&w, "buildError");
		json_object(&w);
		json_kv_string(&w, "message", failed->msg);
		answer_json_location(&w, b->failed_first_line, b->failed_last_line);
		json_object_end(&w);
	}
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

int answer_check(struct build *b, const struct err *failed, struct strbuf *out)
{
	qsort(b->checks.items, b->checks.n, sizeof(*b->checks.items), by_line);
	if (b->opts->call_json)
		write_json(b, failed, out);
	else
		write_text(b, failed, out);
	return (b->checks.n && !b->opts->call_always_good) || failed ? BUILD_FOUND : 0;
}
