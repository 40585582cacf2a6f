/* SPDX-License-Identifier: Apache-2.0 */
/* Here-documents: "<<EOF" among an instruction's words, and the lines below it. */
#ifndef IMAGETOOL_DOCKERFILE_HEREDOC_H
#define IMAGETOOL_DOCKERFILE_HEREDOC_H

#include "imagetool/dockerfile/lines.h"

#define HEREDOCS_MAX 128 /* of one instruction */

/* Find them in i->text and read their content; i->last_line moves to the last delimiter. */
/* Does this word of an instruction announce one? */
bool heredoc_is(const char *word);
int heredocs_read(struct instruction *i, struct line_reader *r, struct arena *a, struct err *e);

#endif
