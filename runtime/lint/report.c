/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/lint/lint.h"

typedef void each_fn(const struct lint_finding *f, void *ctx);

/* Worst first; within a level in the order they were found, which is that of the document. */
static void each(const struct lint *l, each_fn *fn, void *ctx)
{
	for (int level = 0; level < LINT_LEVELS; level++)
		for (size_t i = 0; i < l->n; i++)
			if ((int)lint_rows[l->v[i].rule].level == level)
				fn(&l->v[i], ctx);
}

static void print(const struct lint_finding *f, void *ctx)
{
	const struct lint_row *row = &lint_rows[f->rule];

	strbuf_addf(ctx, "%s: %s%s%s [%s]\n    %s\n", lint_level_name(row->level), f->path,
		    *f->path ? ": " : "", f->text, row->id, row->advice);
}

static void add_count(struct strbuf *out, size_t n, const char *what)
{
	strbuf_addf(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

void lint_report_text(const struct lint *l, struct strbuf *out)
{
	each(l, print, out);
	add_count(out, l->count[LINT_ERROR], "error");
	strbuf_adds(out, ", ");
	add_count(out, l->count[LINT_WARNING], "warning");
	strbuf_adds(out, ", ");
	add_count(out, l->count[LINT_NOTE], "note");
	strbuf_addc(out, '\n');
}

static void encode(const struct lint_finding *f, void *ctx)
{
	const struct lint_row *row = &lint_rows[f->rule];
	struct json_writer *w = ctx;

	json_object(w);
	json_kv_string(w, "rule", row->id);
	json_kv_string(w, "level", lint_level_name(row->level));
	json_kv_string(w, "path", f->path);
	json_kv_string(w, "message", f->text);
	json_kv_string(w, "advice", row->advice);
	json_object_end(w);
}

void lint_report_json(const struct lint *l, struct strbuf *out)
{
	static const char *const keys[LINT_LEVELS] = {
		[LINT_ERROR] = "errors",
		[LINT_WARNING] = "warnings",
		[LINT_NOTE] = "notes",
	};
	struct json_writer w = { .out = out, .indent = 2 };

	json_object(&w);
	json_kv_string(&w, "bundle", l->bundle);
	for (int level = 0; level < LINT_LEVELS; level++)
		json_kv_i64(&w, keys[level], (int64_t)l->count[level]);
	json_key(&w, "findings");
	json_array(&w);
	each(l, encode, &w);
	json_array_end(&w);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}
