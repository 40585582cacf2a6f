/* SPDX-License-Identifier: Apache-2.0 */
/* --call targets: the stages. */
#include "imagetool/build/answer.h"

/* Bases and platforms as they are written: what variables make of them is asked by others. */
static void add_json(struct build *b, const struct stages *all, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = 2 };

	json_object(&w);
	json_key(&w, "targets");
	json_array(&w);
	for (size_t i = 0; i < all->n; i++) {
		const struct stage *s = &all->items[i];
		const char *about = answer_description(s->from->comment, s->name, &b->arena);
		const char *platform = instruction_flag(s->from, "platform");

		json_object(&w);
		if (*s->name)
			json_kv_string(&w, "name", s->name);
		if (i + 1 == all->n)
			json_kv_bool(&w, "default", true);
		if (*about)
			json_kv_string(&w, "description", about);
		json_kv_string(&w, "base", s->from->words[0]);
		if (platform)
			json_kv_string(&w, "platform", platform);
		answer_json_location(&w, s->from->first_line, s->from->last_line);
		json_object_end(&w);
	}
	json_array_end(&w);
	answer_json_sources(b, &w);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

static void add_name(const struct stages *all, size_t i, struct strbuf *out)
{
	const char *name = all->items[i].name;

	if (i + 1 < all->n)
		strbuf_adds(out, name);
	else
		strbuf_addf(out, *name ? "%s (default)" : "%s(default)", name);
}

int answer_targets(struct build *b, const struct stages *s, struct strbuf *out,
		   struct err *e UNUSED)
{
	struct answer_table t = { .gap = 1 };

	if (b->opts->call_json) {
		add_json(b, s, out);
		return 0;
	}
	answer_row(&t, "TARGET", "DESCRIPTION", NULL);
	for (size_t i = 0; i < s->n; i++) {
		auto_(strbuf) struct strbuf name = { 0 };

		add_name(s, i, &name);
		answer_row(
			&t, strbuf_str(&name),
			answer_description(s->items[i].from->comment, s->items[i].name, &b->arena),
			NULL);
	}
	answer_table_write(&t, out);
	return 0;
}
