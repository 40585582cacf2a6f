/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is a document with findings, which can be reported; none of it reaches a terminal as
 * control characters. */
#include <stdint.h>
#include <stdlib.h>

#include "runtime/lint/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct lint_request req = { .least = LINT_NOTE };
	auto_(lint) struct lint l = { .req = &req, .bundlefd = -1, .bundle = "/b" };
	auto_(strbuf) struct strbuf text = { 0 }, json = { 0 };

	lint_text(&l, (const char *)data, size);
	lint_report_text(&l, &text);
	lint_report_json(&l, &json);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' && text.data[i] != '\n')
			abort();
	return 0;
}
