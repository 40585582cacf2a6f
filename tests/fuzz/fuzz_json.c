/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever parses is written as text that parses to the same text again. */
#include <stdint.h>
#include <stdlib.h>

#include "libutil/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_tree(const struct json *doc, int indent, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = indent };

	json_write_tree(&w, doc);
}

static void check_again(const struct strbuf *first, int indent)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf second = { 0 };
	struct json *doc = NULL;

	if (json_parse("again", strbuf_str(first), first->len, &a, &doc, NULL) < 0)
		abort();
	write_tree(doc, indent, &second);
	if (second.len != first->len || memcmp(second.data, first->data, first->len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;
	struct err e = { 0 };

	if (json_parse("input", (const char *)data, size, &a, &doc, &e) < 0) {
		/* Every refusal has a reason. */
		if (!e.code || !e.msg[0])
			abort();
		return 0;
	}
	for (int indent = 0; indent <= 2; indent += 2) {
		auto_(strbuf) struct strbuf text = { 0 };

		write_tree(doc, indent, &text);
		check_again(&text, indent);
	}
	return 0;
}
