/* SPDX-License-Identifier: Apache-2.0 */
/* With mode=max: steps and lines. */
#include "imagetool/attest/materials.h"
#include "libutil/base64.h"

static void begin(struct json_writer *w, const char *key, void (*open)(struct json_writer *w))
{
	json_key(w, key);
	open(w);
}

static void write_inputs(struct json_writer *w, const struct vertex *v)
{
	begin(w, "inputs", json_array);
	for (size_t i = 0; i < v->n_inputs; i++) {
		autofree char *id = xasprintf("step%zu:0", v->inputs[i]);

		json_string(w, id);
	}
	json_array_end(w);
}

static void write_step(struct json_writer *w, const struct vertex *v, size_t i)
{
	autofree char *id = xasprintf("step%zu", i);

	json_object(w);
	json_kv_string(w, "id", id);
	begin(w, "op", json_object);
	json_kv_string(w, "name", v->name);
	json_object_end(w);
	if (v->n_inputs)
		write_inputs(w, v);
	json_object_end(w);
}

void provenance_write_steps(struct json_writer *w, const struct graph *g,
			    const struct materials *of)
{
	json_object(w);
	begin(w, "llbDefinition", json_array);
	for (size_t i = 0; i < g->n; i++)
		if (of->reached[i])
			write_step(w, &g->items[i], i);
	json_array_end(w);
	begin(w, "digestMapping", json_object);
	for (size_t i = 0; i < g->n; i++) {
		autofree char *id = xasprintf("step%zu", i);

		if (of->reached[i])
			json_kv_string(w, g->items[i].digest, id);
	}
	json_object_end(w);
	json_object_end(w);
}

/* ---- Lines ---- */

static void write_line(struct json_writer *w, const char *key, unsigned line)
{
	begin(w, key, json_object);
	json_kv_i64(w, "line", line);
	json_object_end(w);
}

static void write_location(struct json_writer *w, const struct instruction *from, size_t i)
{
	autofree char *id = xasprintf("step%zu", i);

	begin(w, id, json_object);
	begin(w, "locations", json_array);
	json_object(w);
	begin(w, "ranges", json_array);
	json_object(w);
	write_line(w, "start", from->first_line);
	write_line(w, "end", from->last_line);
	json_object_end(w);
	json_array_end(w);
	json_object_end(w);
	json_array_end(w);
	json_object_end(w);
}

void provenance_write_source(struct json_writer *w, const struct provenance *p,
			     const struct materials *of)
{
	auto_(strbuf) struct strbuf data = { .max = 2 * STRBUF_DEFAULT_MAX };

	base64_add(&data, p->text, p->len);
	json_object(w);
	begin(w, "locations", json_object);
	for (size_t i = 0; i < p->graph->n; i++)
		if (of->reached[i] && p->graph->items[i].origin)
			write_location(w, p->graph->items[i].origin, i);
	json_object_end(w);
	begin(w, "infos", json_array);
	json_object(w);
	json_kv_string(w, "filename", p->dockerfile);
	json_kv_string(w, "language", "Dockerfile");
	json_kv_string(w, "data", strbuf_str(&data));
	json_object_end(w);
	json_array_end(w);
	json_object_end(w);
}
