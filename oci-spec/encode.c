/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/codec.h"

static void write_object(const struct field_type *type, const void *object, struct json_writer *w);

static void write_array(const struct field *row, const void *member, struct json_writer *w)
{
	const struct oci_strings *strings = member;
	const struct oci_u32s *numbers = member;
	const struct oci_ints *words = member;
	const struct oci_array *objects = member;

	json_array(w);
	if (row->kind == FIELD_STRINGS)
		for (size_t i = 0; i < strings->n; i++)
			json_string(w, strings->items[i]);
	else if (row->kind == FIELD_U32S)
		for (size_t i = 0; i < numbers->n; i++)
			json_u64(w, numbers->items[i]);
	else if (row->kind == FIELD_ENUMS)
		for (size_t i = 0; i < words->n; i++)
			json_string(w, field_word(row->words, words->items[i]));
	else
		for (size_t i = 0; i < objects->n; i++)
			write_object(row->type, (const char *)objects->items + i * row->type->size,
				     w);
	json_array_end(w);
}

static void write_map(const struct field *row, const void *member, struct json_writer *w)
{
	const struct oci_strmap *map = member;
	const struct oci_strings *set = member;
	const struct oci_array *objects = member;

	json_object(w);
	if (row->kind == FIELD_STRMAP) {
		for (size_t i = 0; i < map->n; i++)
			json_kv_string(w, map->items[i].key, map->items[i].value);
	} else if (row->kind == FIELD_KEYSET) {
		for (size_t i = 0; i < set->n; i++) {
			json_key(w, set->items[i]);
			json_object(w);
			json_object_end(w);
		}
	} else {
		for (size_t i = 0; i < objects->n; i++) {
			const void *object = (const char *)objects->items + i * row->type->size;

			json_key(w, *(const char *const *)object);
			write_object(row->type, object, w);
		}
	}
	json_object_end(w);
}

/* Required members are written whatever they hold. */
static bool is_kept(const struct field *row)
{
	return row->bits & (FIELD_KEEP_EMPTY | FIELD_REQUIRED);
}

static bool is_present(const struct field *row, const void *member)
{
	const void *object;

	switch ((enum field_kind)row->kind) {
	case FIELD_STRING:
		return *(const char *const *)member != NULL;
	case FIELD_BOOL:
		return *(const bool *)member || is_kept(row);
	case FIELD_OPT_BOOL:
		return ((const struct opt_bool *)member)->set;
	case FIELD_I64:
		return ((const struct opt_i64 *)member)->set;
	case FIELD_U64:
		return ((const struct opt_u64 *)member)->set;
	case FIELD_REAL:
		return ((const struct opt_real *)member)->set;
	case FIELD_ENUM:
		return *(const int *)member != 0;
	case FIELD_OBJECT:
		memcpy(&object, member, sizeof(object));
		return object != NULL;
	case FIELD_STRINGS:
	case FIELD_KEYSET:
		return ((const struct oci_strings *)member)->items || is_kept(row);
	case FIELD_U32S:
		return ((const struct oci_u32s *)member)->items || is_kept(row);
	case FIELD_ENUMS:
		return ((const struct oci_ints *)member)->items || is_kept(row);
	case FIELD_OBJECTS:
	case FIELD_OBJMAP:
		return ((const struct oci_array *)member)->items || is_kept(row);
	case FIELD_STRMAP:
		return ((const struct oci_strmap *)member)->items || is_kept(row);
	case FIELD_IGNORED:
		break;
	}
	return false;
}

static void write_member(const struct field *row, const void *member, struct json_writer *w)
{
	const void *object;

	switch ((enum field_kind)row->kind) {
	case FIELD_STRING:
		json_string(w, *(const char *const *)member);
		break;
	case FIELD_BOOL:
		json_bool(w, *(const bool *)member);
		break;
	case FIELD_OPT_BOOL:
		json_bool(w, ((const struct opt_bool *)member)->v);
		break;
	case FIELD_I64:
		json_i64(w, ((const struct opt_i64 *)member)->v);
		break;
	case FIELD_U64:
		json_u64(w, ((const struct opt_u64 *)member)->v);
		break;
	case FIELD_REAL:
		json_real(w, ((const struct opt_real *)member)->v);
		break;
	case FIELD_ENUM:
		json_string(w, field_word(row->words, *(const int *)member));
		break;
	case FIELD_OBJECT:
		memcpy(&object, member, sizeof(object));
		write_object(row->type, object, w);
		break;
	case FIELD_STRINGS:
	case FIELD_U32S:
	case FIELD_ENUMS:
	case FIELD_OBJECTS:
		write_array(row, member, w);
		break;
	case FIELD_STRMAP:
	case FIELD_OBJMAP:
	case FIELD_KEYSET:
		write_map(row, member, w);
		break;
	case FIELD_IGNORED:
		break;
	}
}

static void write_object(const struct field_type *type, const void *object, struct json_writer *w)
{
	json_object(w);
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *row = &type->fields[i];
		const void *member = (const char *)object + row->offset;

		if (!is_present(row, member))
			continue;
		json_key(w, row->key);
		write_member(row, member, w);
	}
	json_object_end(w);
}

void oci_encode_value(const struct field_type *type, const void *object, struct json_writer *w)
{
	write_object(type, object, w);
}

void oci_encode(const struct field_type *type, const void *object, int indent, struct strbuf *out)
{
	struct json_writer w = { .out = out, .indent = indent };

	write_object(type, object, &w);
}
