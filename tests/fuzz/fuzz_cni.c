/* SPDX-License-Identifier: Apache-2.0 */
/* Networks as files describe them, and what plugins answer: no type leaves the plugins'
 * directories, what a plugin is fed can be read again, and resolv.conf has no line that nobody
 * meant. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "imagetool/cni/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_network(const struct cni_network *net, struct arena *a)
{
	for (size_t i = 0; i < net->n; i++) {
		auto_(strbuf) struct strbuf input = { 0 };
		const char *type = json_get_string(net->plugins[i], "type");
		struct json *again;

		assert(*type && *type != '.' && !strchr(type, '/'));
		cni_plugin_input(net, i, NULL, &input);
		assert(json_parse("input", strbuf_str(&input), input.len, a, &again, NULL) >= 0);
	}
}

static void check_result(const struct json *result)
{
	auto_(strbuf) struct strbuf text = { 0 };

	cni_result_resolv(result, &text);
	for (const char *line = strbuf_str(&text); *line; line += strcspn(line, "\n") + 1)
		assert(strncmp(line, "nameserver ", 11) == 0 || strncmp(line, "search ", 7) == 0 ||
		       strncmp(line, "options ", 8) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	const char *text = (const char *)data;
	struct cni_network net;
	struct json *doc;

	if (cni_network_parse("net", text, size, &a, &net, NULL) >= 0)
		check_network(&net, &a);
	if (json_parse("result", text, size, &a, &doc, NULL) >= 0)
		check_result(doc);
	(void)cni_error_text(text, size, &a);
	return 0;
}
