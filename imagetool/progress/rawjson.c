/* SPDX-License-Identifier: Apache-2.0 */
/* BuildKit's SolveStatus objects, one a line. */
#include <stdio.h>
#include <time.h>

#include "imagetool/progress/internal.h"
#include "libutil/base64.h"
#include "libutil/json.h"

static void kv_time(struct json_writer *w, const char *key, int64_t at)
{
	time_t seconds = at / NANOSECONDS;
	char text[64];
	struct tm tm;
	size_t len;

	if (!at || !gmtime_r(&seconds, &tm))
		return;
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + len, sizeof(text) - len, ".%09lldZ", (long long)(at % NANOSECONDS));
	json_kv_string(w, key, text);
}

/* Bytes, as Go writes them. */
static void add_bytes(struct json_writer *w, const char *data, size_t len)
{
	auto_(strbuf) struct strbuf text = { 0 };

	base64_add(&text, data, len);
	json_string_n(w, strbuf_str(&text), text.len);
}

static void kv_bytes(struct json_writer *w, const char *key, const char *data, size_t len)
{
	json_key(w, key);
	add_bytes(w, data, len);
}

/* {"KIND":[{ ... }]} */
static void open_object(struct json_writer *w, const char *kind)
{
	json_object(w);
	json_key(w, kind);
	json_array(w);
	json_object(w);
}

static void close_object(struct progress *p, struct json_writer *w)
{
	json_object_end(w);
	json_array_end(w);
	json_object_end(w);
	strbuf_addc(w->out, '\n');
	progress_write(p, w->out);
}

static void rawjson_vertex(struct progress *p, struct progress_vertex *v)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };

	open_object(&w, "vertexes");
	json_kv_string(&w, "digest", v->digest);
	if (v->inputs.n) {
		json_key(&w, "inputs");
		json_array(&w);
		for (size_t i = 0; i < v->inputs.n; i++)
			json_string(&w, v->inputs.v[i]);
		json_array_end(&w);
	}
	json_kv_string(&w, "name", v->name);
	kv_time(&w, "started", v->began);
	kv_time(&w, "completed", v->ended);
	if (v->cached)
		json_kv_bool(&w, "cached", true);
	if (v->error)
		json_kv_string(&w, "error", v->error);
	close_object(p, &w);
}

static void rawjson_status(struct progress *p, struct progress_vertex *v, struct progress_item *i)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };

	open_object(&w, "statuses");
	json_kv_string(&w, "id", i->id);
	json_kv_string(&w, "vertex", v->digest);
	if (i->total)
		json_kv_i64(&w, "total", i->total);
	json_kv_i64(&w, "current", i->current);
	kv_time(&w, "timestamp", progress_now(p));
	kv_time(&w, "started", i->started);
	kv_time(&w, "completed", i->ended);
	close_object(p, &w);
}

static void rawjson_log(struct progress *p, struct progress_vertex *v, int stream, const char *data,
			size_t len)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };

	open_object(&w, "logs");
	json_kv_string(&w, "vertex", v->digest);
	json_kv_i64(&w, "stream", stream);
	kv_bytes(&w, "data", data, len);
	kv_time(&w, "timestamp", progress_now(p));
	close_object(p, &w);
}

static void add_place(struct json_writer *w, const char *key, unsigned line)
{
	json_key(w, key);
	json_object(w);
	json_kv_i64(w, "line", line);
	json_object_end(w);
}

static void add_source(struct json_writer *w, const struct progress_warning *warning)
{
	json_key(w, "sourceInfo");
	json_object(w);
	json_kv_string(w, "filename", warning->file);
	if (warning->source)
		kv_bytes(w, "data", warning->source, strlen(warning->source));
	json_object_end(w);
	json_key(w, "range");
	json_array(w);
	json_object(w);
	add_place(w, "start", warning->first_line);
	add_place(w, "end", warning->last_line);
	json_object_end(w);
	json_array_end(w);
}

static void rawjson_warning(struct progress *p, struct progress_vertex *v,
			    const struct progress_warning *warning)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct json_writer w = { .out = &out };

	open_object(&w, "warnings");
	json_kv_string(&w, "vertex", v->digest);
	json_kv_i64(&w, "level", 1);
	kv_bytes(&w, "short", warning->text, strlen(warning->text));
	if (warning->detail) {
		json_key(&w, "detail");
		json_array(&w);
		add_bytes(&w, warning->detail, strlen(warning->detail));
		json_array_end(&w);
	}
	if (warning->url)
		json_kv_string(&w, "url", warning->url);
	if (warning->file)
		add_source(&w, warning);
	close_object(p, &w);
}

const struct progress_display progress_rawjson = {
	.vertex = rawjson_vertex,
	.status = rawjson_status,
	.log = rawjson_log,
	.warning = rawjson_warning,
};
