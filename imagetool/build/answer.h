/* SPDX-License-Identifier: Apache-2.0 */
/* --call: what a Dockerfile says about itself. */
#ifndef IMAGETOOL_BUILD_ANSWER_H
#define IMAGETOOL_BUILD_ANSWER_H

#include "imagetool/build/internal.h"
#include "imagetool/dockerfile/stages.h"
#include "libutil/json.h"

/* `failed`: the graph could not be made; NULL: it could. */
int answer_check(struct build *b, const struct err *failed, struct strbuf *out);
int answer_targets(struct build *b, const struct stages *s, struct strbuf *out, struct err *e);
int answer_outline(struct build *b, const struct stages *s, struct strbuf *out, struct err *e);

/* Rows of up to three columns (NULL: no further one), as wide as they have to be. */
struct answer_table {
	size_t gap; /* blanks between columns */
	struct strv cells[3];
	size_t n;
};
void answer_row(struct answer_table *t, const char *a, const char *b, const char *c);
/* Frees it. */
void answer_table_write(struct answer_table *t, struct strbuf *out);
/* The same with an empty line behind it; nothing when there is no row but the headline. */
void answer_section_write(struct answer_table *t, struct strbuf *out);

void answer_json_location(struct json_writer *w, unsigned first, unsigned last);
/* "sources": the Dockerfile, as Go writes bytes. */
void answer_json_sources(const struct build *b, struct json_writer *w);
/* BUILDPLATFORM and its kin; NULL: it is none of them. */
const char *answer_platform_arg(struct build *b, const char *name);
/* Of "# NAME what it is" above an instruction: what it is; "" when there is nothing. */
const char *answer_description(const char *comment, const char *name, struct arena *a);

#endif
