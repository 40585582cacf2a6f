/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print the path of every value that config.json can have, as the rows of oci-spec know it:
 *
 *     linux.devices[].path        members of an array
 *     linux.sysctl{}              members of an object whose names are free
 *
 * A test that must leave none out compares with this.
 */
#include <stdio.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "oci-spec/codec.h"
#include "oci-spec/runtime_spec.h"

static void walk(const struct field_type *type, const char *prefix)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *f = &type->fields[i];
		const char *brackets = f->kind == FIELD_OBJECTS ? "[]" : "{}";
		autofree char *path = xasprintf("%s%s%s", prefix, *prefix ? "." : "", f->key);
		autofree char *inner = xasprintf("%s%s", path, brackets);

		switch ((enum field_kind)f->kind) {
		case FIELD_IGNORED:
			break;
		case FIELD_OBJECT:
			walk(f->type, path);
			break;
		case FIELD_OBJECTS:
		case FIELD_OBJMAP:
			walk(f->type, inner);
			break;
		case FIELD_STRMAP:
		case FIELD_KEYSET:
			(void)printf("%s{}\n", path);
			break;
		case FIELD_STRINGS:
		case FIELD_U32S:
		case FIELD_ENUMS:
			(void)printf("%s[]\n", path);
			break;
		case FIELD_STRING:
		case FIELD_BOOL:
		case FIELD_OPT_BOOL:
		case FIELD_I64:
		case FIELD_U64:
		case FIELD_REAL:
		case FIELD_ENUM:
			(void)printf("%s\n", path);
			break;
		}
	}
}

int main(void)
{
	walk(&runtime_spec_type, "");
	return 0;
}
