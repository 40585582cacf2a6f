/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names on the command line.  One that no image, tag or place can have is a wrong command line
 * (IMAGE_EUSAGE), found before anything is opened; names that others gave images of the store are
 * looked up there as they are.
 */
#ifndef IMAGETOOL_VERB_ARGUMENT_H
#define IMAGETOOL_VERB_ARGUMENT_H

#include "imagetool/copy/place.h"
#include "libutil/strv.h"
#include "oci-spec/image_spec.h"

int argument_reference(const char *text, struct image_reference *ret, struct err *e);
/* The same for who parses it again later; it may begin with "docker://". */
int argument_check_reference(const char *text, struct err *e);
/* All of --tag. */
int argument_check_tags(const struct strv *tags, struct err *e);
/* What it names in a registry is a reference. */
int argument_place(const char *text, struct place *ret, struct err *e);

#endif
