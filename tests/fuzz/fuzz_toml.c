/* SPDX-License-Identifier: Apache-2.0 */
/* TOML, and options as containerd's configuration writes them: read or refused, nothing in between.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/toml.h"
#include "shim/v2/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The depth is limited, so is this. */
static void check_value(const struct toml *v)
{
	bool text = v->kind == TOML_STRING || v->kind == TOML_TIME;
	size_t n = 0;

	if (text != (v->string != NULL) || !v->key || v->line < 1)
		abort();
	for (const struct toml *in = v->first; in; in = in->next, n++) {
		check_value(in);
		if (v->kind == TOML_TABLE && toml_get(v, in->key) != in)
			abort();
	}
	if (n != v->n || (n > 0 && v->kind != TOML_TABLE && v->kind != TOML_ARRAY))
		abort();
}

/* As the body of a message, which is where it comes from. */
static void decode_options(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };
	struct msg_runtime_options m = { .config_body = { data, size } };
	struct msg_any any = { .type_url = MSG_RUNTIME_OPTIONS };
	struct v2_options o = { 0 };
	struct err e = { 0 };

	pb_encode(&msg_runtime_options_message, &m, &text);
	any.value = (struct pb_bytes){ (const uint8_t *)text.data, text.len };
	if (v2_options_decode(&any, &a, &o, &e) < 0 ? !e.code : !o.binary || !o.root)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct toml *doc = NULL;
	struct err e = { 0 };

	if (toml_parse("input", (const char *)data, size, &a, &doc, &e) < 0 ? !e.code : !doc)
		abort();
	for (const struct toml *v = doc ? doc->first : NULL; v; v = v->next)
		check_value(v);
	decode_options(data, size);
	return 0;
}
