/* SPDX-License-Identifier: Apache-2.0 */
/* "# syntax=", "# escape=", "# check=": comments on top of a Dockerfile that are orders. */
#ifndef IMAGETOOL_DOCKERFILE_DIRECTIVE_H
#define IMAGETOOL_DOCKERFILE_DIRECTIVE_H

#include "imagetool/dockerfile/lines.h"

/* Takes the directives from the top and leaves the reader behind them, with the escape character
 * they name. */
int directives_read(struct line_reader *r, struct arena *a, struct dockerfile *ret, struct err *e);

#endif
