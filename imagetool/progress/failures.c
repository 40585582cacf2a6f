/* SPDX-License-Identifier: Apache-2.0 */
/* What the vertices that failed had printed last, once more where it is read last. */
#include "imagetool/progress/internal.h"

static void add_failure(const struct progress *p, const struct progress_vertex *v,
			struct strbuf *out)
{
	const char *line;
	size_t len;

	strbuf_adds(out, "------\n > ");
	progress_add_text(p, out, v->name, strlen(v->name));
	strbuf_adds(out, ":\n");
	for (size_t i = 0; log_tail_line(&v->tail, i, &line, &len); i++) {
		progress_add_text(p, out, line, len);
		strbuf_addc(out, '\n');
	}
	strbuf_adds(out, "------\n");
}

void progress_failures(struct progress *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i]->error && !p->items[i]->canceled)
			add_failure(p, p->items[i], out);
}
