/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/output.h"

#include <stdio.h>
#include <unistd.h>

int output_write(const char *text, size_t len, struct err *e)
{
	if (fwrite(text, 1, len, stdout) != len || fflush(stdout) == EOF)
		return err_sys(e, "write to standard output");
	return 0;
}

static int output_line(struct strbuf *line, struct err *e)
{
	auto_(strbuf) struct strbuf visible = { .max = TEMPLATE_OUT_MAX };
	int r;

	strbuf_addc(line, '\n');
	if (!isatty(STDOUT_FILENO))
		return output_write(strbuf_str(line), line->len, e);
	strbuf_add_printable(&visible, strbuf_str(line), line->len, "\n\t");
	r = strbuf_check(&visible, "output", e);
	return r < 0 ? r : output_write(strbuf_str(&visible), visible.len, e);
}

int output_template(const struct template *t, const struct strbuf *document, struct err *e)
{
	auto_(strbuf) struct strbuf out = { .max = TEMPLATE_OUT_MAX };
	auto_(arena) struct arena a = { 0 };
	struct json *doc;
	int r = strbuf_check(document, "document", e);

	if (r >= 0)
		r = json_parse("document", strbuf_str(document), document->len, &a, &doc, e);
	if (r >= 0)
		r = template_run(t, doc, &out, e);
	return r < 0 ? r : output_line(&out, e);
}
