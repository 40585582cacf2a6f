/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and JSON that the answers share. */
#include "imagetool/build/answer.h"
#include "libutil/base64.h"

void answer_row(struct answer_table *t, const char *a, const char *b, const char *c)
{
	const char *cells[] = { a, b, c };

	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		strv_add(&t->cells[i], cells[i] ? cells[i] : "");
	t->n++;
}

static void answer_table_done(struct answer_table *t)
{
	for (size_t i = 0; i < ARRAY_LEN(t->cells); i++)
		strv_done(&t->cells[i]);
	t->n = 0;
}

static size_t widest(const struct strv *cells)
{
	size_t best = 0;

	for (size_t i = 0; i < cells->n; i++)
		if (strlen(cells->v[i]) > best)
			best = strlen(cells->v[i]);
	return best;
}

/* Behind the last column that holds something nothing is written. */
static size_t columns_of(const struct answer_table *t)
{
	size_t n = ARRAY_LEN(t->cells);

	while (n > 1 && !widest(&t->cells[n - 1]))
		n--;
	return n;
}

void answer_table_write(struct answer_table *t, struct strbuf *out)
{
	size_t columns = columns_of(t);

	for (size_t row = 0; row < t->n; row++) {
		for (size_t i = 0; i < columns; i++) {
			const char *cell = t->cells[i].v[row];
			size_t pad = widest(&t->cells[i]) + t->gap - strlen(cell);

			strbuf_add_printable(out, cell, strlen(cell), "");
			if (i + 1 < columns)
				strbuf_addf(out, "%*s", (int)pad, "");
		}
		strbuf_addc(out, '\n');
	}
	answer_table_done(t);
}

void answer_section_write(struct answer_table *t, struct strbuf *out)
{
	if (t->n <= 1) {
		answer_table_done(t);
		return;
	}
	answer_table_write(t, out);
	strbuf_addc(out, '\n');
}

/* ---- JSON ---- */

static void add_position(struct json_writer *w, const char *key, unsigned line)
{
	json_key(w, key);
	json_object(w);
	json_kv_i64(w, "line", line);
	json_object_end(w);
}

void answer_json_location(struct json_writer *w, unsigned first, unsigned last)
{
	json_key(w, "location");
	json_object(w);
	if (first) {
		json_key(w, "ranges");
		json_array(w);
		json_object(w);
		add_position(w, "start", first);
		add_position(w, "end", last);
		json_object_end(w);
		json_array_end(w);
	}
	json_object_end(w);
}

void answer_json_sources(const struct build *b, struct json_writer *w)
{
	auto_(strbuf) struct strbuf text = { .max = 2 * DOCKERFILE_MAX };

	base64_add(&text, b->input.text, b->input.len);
	json_key(w, "sources");
	json_array(w);
	if (b->opts->call == BUILD_CALL_CHECK) {
		json_object(w);
		json_kv_string(w, "filename", b->input.name);
		json_kv_string(w, "data", strbuf_str(&text));
		json_kv_string(w, "language", "Dockerfile");
		json_object_end(w);
	} else {
		json_string(w, strbuf_str(&text));
	}
	json_array_end(w);
}
