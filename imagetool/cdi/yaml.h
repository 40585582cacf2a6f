/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as JSON, for the walker over rows.  A plain word of YAML is a text, a number or a switch
 * depending on who reads it, so the rows of the document say which: `annotations: {a: true}` is the
 * text "true".  One document, of nothing but what JSON has; aliases are written out, up to the
 * limit of `ret`.
 */
#ifndef IMAGETOOL_CDI_YAML_H
#define IMAGETOOL_CDI_YAML_H

#include "libutil/json.h"
#include "oci-spec/field.h"

/* -ENOTSUP where this program was built without libyaml.  `ret` has its maximum set. */
int yaml_to_json(const char *name, const char *text, size_t len, const struct field_type *type,
		 struct strbuf *ret, struct err *e);

/* yaml_scalar.c: a word without quotes, as a value of `kind`.  What is none is written as text, for
 * the walker to refuse. */
void yaml_plain_scalar(struct json_writer *w, const char *s, size_t len, enum field_kind kind);

#endif
