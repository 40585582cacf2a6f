/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes as bytes: what they are, decided in one place for all sources. */
#ifndef IMAGETOOL_COPY_DOCUMENT_H
#define IMAGETOOL_COPY_DOCUMENT_H

#include "imagetool/registry/registry.h"

/*
 * Make a document of text that came from a file, takes it (also on failure).  `type` is what the
 * descriptor says, or NULL: then the document's own mediaType counts, else its shape.  One that is
 * two things at once, and Docker's schema 1, are refused (-IMAGE_EVERIFY).
 */
int document_of_text(char *text, size_t len, const char *type, struct registry_document *ret,
		     struct err *e);
/* The same of what a descriptor names, and has been checked to be that. */
int document_of_blob(char *text, size_t len, const struct image_descriptor *desc,
		     struct registry_document *ret, struct err *e);

bool document_is_index(const struct registry_document *d);

#endif
