/* SPDX-License-Identifier: Apache-2.0 */
/* Files below tests/data, for the tests of oci-spec.  Whatever goes wrong here fails the test. */
#ifndef TESTS_UNIT_OCI_SPEC_DATA_H
#define TESTS_UNIT_OCI_SPEC_DATA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/json.h"
#include "libutil/strv.h"
#include "oci-spec/codec.h"

struct data {
	char *text; /* owned, NUL-terminated */
	size_t len;
};
static inline void data_done(struct data *d)
{
	free(d->text);
}
AUTO_DEFINE_DONE(data, data_done)

/* `path` is relative to tests/data. */
struct data data_read(const char *path);
/* The same, with the placeholders of bundles/README.md put in. */
struct data data_read_bundle(const char *path);
/* Names in a directory that end in `suffix`, sorted; an empty directory fails the test. */
void data_list(const char *dir, const char *suffix, struct strv *ret);

/* Kind, content and order of arrays agree; objects as sets.  Absent, null, "", false and empty
 * containers of members are the same.  The first difference fails the test by its path. */
void assert_json_same(const char *path, const struct json *a, const struct json *b);

/* decode(encode(object)) encodes to the same bytes; returns them. */
char *encode_twice(const struct field_type *type, const void *object);

#endif
