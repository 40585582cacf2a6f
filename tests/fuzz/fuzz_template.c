/* SPDX-License-Identifier: Apache-2.0 */
/* --format: a template, a zero byte, and the document it is run over. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/template/template.h"
#include "libutil/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char fallback[] = "{\"A\":{\"b\":[1,\"x\",null]},\"L\":[true,2]}";
	autofree char *text = xstrndup((const char *)data, size);
	size_t len = strlen(text);
	auto_(arena) struct arena a = { 0 };
	auto_(template) struct template *t = NULL;
	auto_(strbuf) struct strbuf out = { .max = (size_t)1 << 20 };
	struct err e = { 0 };
	struct json *doc;
	int r;

	if (len + 1 >= size ||
	    json_parse("d", (const char *)data + len + 1, size - len - 1, &a, &doc, NULL) < 0)
		r = json_parse("d", fallback, strlen(fallback), &a, &doc, NULL);
	r = template_parse(text, &t, &e);
	if (r >= 0)
		r = template_run(t, doc, &out, &e);
	if (r < 0 && !e.code)
		abort();
	return 0;
}
