/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb answers, to standard output. */
#ifndef IMAGETOOL_VERB_OUTPUT_H
#define IMAGETOOL_VERB_OUTPUT_H

#include "imagetool/template/template.h"

int output_write(const char *text, size_t len, struct err *e);
/* A document, as JSON text, through a template, and a newline.  On a terminal, control characters
 * that others wrote into it are made visible. */
int output_template(const struct template *t, const struct strbuf *document, struct err *e);

#endif
