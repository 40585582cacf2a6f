/* SPDX-License-Identifier: Apache-2.0 */
/* What follows an instruction's flags, cut up as its keyword's form says. */
#ifndef IMAGETOOL_DOCKERFILE_ARGS_H
#define IMAGETOOL_DOCKERFILE_ARGS_H

#include "imagetool/dockerfile/instructions.h"

/* i->kind and i->text are set; FORM_TRIGGER is not for here. */
int args_parse(struct instruction *i, char escape, struct arena *a, struct err *e);

#endif
