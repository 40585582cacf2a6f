/* SPDX-License-Identifier: Apache-2.0 */
/* The walkers on rows made for the purpose: one of each kind. */
#include "tests/unit/oci-spec/data.h"

#include <errno.h>

struct leaf {
	const char *key; /* of an OBJMAP */
	const char *name;
	struct opt_i64 number;
};

struct all {
	const char *string, *required, *nonempty, *absolute, *kept;
	bool flag, kept_flag;
	struct opt_bool opt_flag;
	struct opt_i64 i64, small;
	struct opt_u64 u64;
	struct opt_real real;
	int word;
	struct leaf *object;
	struct oci_strings strings;
	struct oci_u32s numbers;
	struct oci_ints words;
	struct oci_array objects, map;
	struct oci_strmap texts;
	struct oci_strings set;
};

static const struct field_words words = { "color", (const char *const[]){ "red", "green", NULL } };

static const struct field leaf_rows[] = {
	FIELD_ROW(struct leaf, name, "name", FIELD_STRING, .bits = FIELD_REQUIRED),
	FIELD_ROW(struct leaf, number, "number", FIELD_I64),
};
static const struct field_type leaf_type = FIELD_TYPE("leaf", struct leaf, leaf_rows);

#define A(...) FIELD_ROW(struct all, __VA_ARGS__)
static const struct field all_rows[] = {
	A(string, "string", FIELD_STRING),
	A(required, "required", FIELD_STRING, .bits = FIELD_REQUIRED),
	A(nonempty, "nonempty", FIELD_STRING, .bits = FIELD_NONEMPTY),
	A(absolute, "absolute", FIELD_STRING, .bits = FIELD_ABSOLUTE),
	A(kept, "kept", FIELD_STRING, .bits = FIELD_KEEP_EMPTY),
	A(flag, "flag", FIELD_BOOL),
	A(kept_flag, "keptFlag", FIELD_BOOL, .bits = FIELD_KEEP_EMPTY),
	A(opt_flag, "optFlag", FIELD_OPT_BOOL),
	A(i64, "i64", FIELD_I64),
	A(small, "small", FIELD_I64, .min = -3, .max = 3),
	A(u64, "u64", FIELD_U64),
	A(real, "real", FIELD_REAL),
	A(word, "word", FIELD_ENUM, .words = &words),
	A(object, "object", FIELD_OBJECT, .type = &leaf_type),
	A(strings, "strings", FIELD_STRINGS),
	A(numbers, "numbers", FIELD_U32S),
	A(words, "words", FIELD_ENUMS, .words = &words),
	A(objects, "objects", FIELD_OBJECTS, .type = &leaf_type),
	A(map, "map", FIELD_OBJMAP, .type = &leaf_type),
	A(texts, "texts", FIELD_STRMAP),
	A(set, "set", FIELD_KEYSET),
	FIELD_ROW_IGNORED("ignored"),
};
static const struct field_type all_type = FIELD_TYPE("all", struct all, all_rows);

/* Members besides the required one. */
static int decode(const char *members, const struct decode_opts *opts, struct arena *a,
		  struct all **ret, struct err *e)
{
	autofree char *text = xasprintf("{\"required\":\"\"%s%s}", *members ? "," : "", members);
	void *object;
	int r = oci_decode(&all_type, "doc", text, strlen(text), opts, a, &object, e);

	if (r == 0)
		*ret = object;
	return r;
}

static struct all *decode_ok(const char *members, struct arena *a)
{
	struct all *all = NULL;
	struct err e = { 0 };

	if (decode(members, NULL, a, &all, &e) < 0)
		fail_msg("%s", e.msg);
	return all;
}

static void assert_fails(const char *members, const char *message)
{
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	struct all *all = NULL;

	if (decode(members, NULL, &a, &all, &e) != -EINVAL)
		fail_msg("%s passes, not: %s", members, message);
	assert_string_equal(e.msg, message);
	assert_null(all);
}

/* ---- Kinds ---- */

static void each_kind_lands_in_its_member(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct all *all = decode_ok(
		"\"string\":\"s\\u00e4\\n\",\"flag\":true,\"optFlag\":false,\"i64\":-9223372036854775808,"
		"\"u64\":18446744073709551615,\"real\":-2.5,\"word\":\"green\",\"object\":{\"name\":\"n\","
		"\"number\":7},\"strings\":[\"a\",\"\",\"b\"],\"numbers\":[0,4294967295],"
		"\"words\":[\"green\",\"red\"],\"objects\":[{\"name\":\"x\"},{\"name\":\"y\",\"number\":0}],"
		"\"map\":{\"k\":{\"name\":\"v\"}},\"texts\":{\"a\":\"1\",\"b\":\"\"},\"set\":{\"p\":{},\"q\":{}}",
		&a);
	const struct leaf *leaves = all->objects.items;
	const struct leaf *map = all->map.items;

	assert_string_equal(all->string, "sä\n");
	assert_true(all->flag);
	assert_true(all->opt_flag.set && !all->opt_flag.v);
	assert_true(all->i64.set && all->i64.v == INT64_MIN);
	assert_true(all->u64.set && all->u64.v == UINT64_MAX);
	assert_true(all->real.set && all->real.v == -2.5);
	assert_int_equal(all->word, 2);
	assert_string_equal(all->object->name, "n");
	assert_true(all->object->number.set && all->object->number.v == 7);
	assert_int_equal(all->strings.n, 3);
	assert_string_equal(all->strings.items[1], "");
	assert_null(all->strings.items[3]);
	assert_int_equal(all->numbers.items[1], UINT32_MAX);
	assert_int_equal(all->words.items[0], 2);
	assert_int_equal(all->words.items[1], 1);
	assert_string_equal(leaves[1].name, "y");
	assert_false(leaves[0].number.set);
	assert_true(leaves[1].number.set);
	assert_string_equal(map[0].key, "k");
	assert_string_equal(map[0].name, "v");
	assert_string_equal(all->texts.items[1].key, "b");
	assert_string_equal(all->texts.items[1].value, "");
	assert_string_equal(all->set.items[1], "q");
	assert_int_equal(all->set.n, 2);
}

/* Whatever lies behind the list in memory: it can be handed to execve(). */
static void lists_of_every_length_end_in_null(void **state UNUSED)
{
	for (size_t n = 1; n < 40; n++) {
		auto_(strbuf) struct strbuf text = { 0 };
		auto_(arena) struct arena a = { 0 };
		struct all *all;

		strbuf_adds(&text, "\"strings\":[\"abcdefgh\"");
		for (size_t i = 1; i < n; i++)
			strbuf_adds(&text, ",\"abcdefgh\"");
		strbuf_adds(&text, "],\"string\":\"what comes behind it in the arena\"");
		all = decode_ok(strbuf_str(&text), &a);
		assert_int_equal(all->strings.n, n);
		assert_null(all->strings.items[n]);
	}
}

static void long_lists_keep_every_item_and_end_in_null(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct all *all;

	strbuf_adds(&text, "\"strings\":[\"0\"");
	for (int i = 1; i < 1000; i++)
		strbuf_addf(&text, ",\"%d\"", i);
	strbuf_adds(&text, "],\"objects\":[{\"name\":\"0\"}");
	for (int i = 1; i < 1000; i++)
		strbuf_addf(&text, ",{\"name\":\"%d\"}", i);
	strbuf_adds(&text, "]");
	all = decode_ok(strbuf_str(&text), &a);
	assert_int_equal(all->strings.n, 1000);
	assert_null(all->strings.items[1000]);
	for (int i = 0; i < 1000; i++) {
		char number[12];

		(void)snprintf(number, sizeof(number), "%d", i);
		assert_string_equal(all->strings.items[i], number);
		assert_string_equal(((struct leaf *)all->objects.items)[i].name, number);
	}
}

static void an_empty_list_is_not_an_absent_one(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct all *all = decode_ok("\"strings\":[],\"words\":[]", &a);

	assert_non_null(all->strings.items);
	assert_null(all->strings.items[0]);
	assert_non_null(all->words.items);
	assert_null(all->numbers.items);
}

static void an_optional_empty_string_is_absent(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct all *all = decode_ok("\"string\":\"\",\"absolute\":\"\",\"kept\":\"\"", &a);

	assert_null(all->string);
	assert_null(all->absolute);
	assert_string_equal(all->kept, "");
	assert_string_equal(all->required, "");
}

/* ---- Refusals ---- */

static void a_wrong_kind_names_both_kinds(void **state UNUSED)
{
	assert_fails("\"string\":5", "doc: string: expected a string, found a number");
	assert_fails("\"flag\":\"true\"", "doc: flag: expected a boolean, found a string");
	assert_fails("\"i64\":true", "doc: i64: expected an integer, found true");
	assert_fails("\"i64\":{}", "doc: i64: expected an integer, found an object");
	assert_fails("\"u64\":[]", "doc: u64: expected an integer, found an array");
	assert_fails("\"real\":\"1\"", "doc: real: expected a number, found a string");
	assert_fails("\"word\":1", "doc: word: expected a string, found a number");
	assert_fails("\"object\":[]", "doc: object: expected an object, found an array");
	assert_fails("\"strings\":{}", "doc: strings: expected an array, found an object");
	assert_fails("\"numbers\":7", "doc: numbers: expected an array, found a number");
	assert_fails("\"numbers\":[1,\"2\"]",
		     "doc: numbers[1]: expected an integer, found a string");
	assert_fails("\"objects\":[{\"name\":\"\"},7]",
		     "doc: objects[1]: expected an object, found a number");
	assert_fails("\"texts\":{\"a\":[]}", "doc: texts.a: expected a string, found an array");
	assert_fails("\"map\":{\"a\":false}", "doc: map.a: expected an object, found false");
	assert_fails("\"set\":{\"a\":1}", "doc: set.a: expected an object, found a number");
	assert_fails("\"strings\":[null]", "doc: strings[0]: expected a string, found null");
}

static void numbers_must_fit_and_be_written_as_integers(void **state UNUSED)
{
	assert_fails("\"small\":4", "doc: small: 4 is out of range -3 to 3");
	assert_fails("\"small\":-4", "doc: small: -4 is out of range -3 to 3");
	assert_fails("\"small\":18446744073709551615",
		     "doc: small: 18446744073709551615 is out of range -3 to 3");
	assert_fails("\"u64\":-1", "doc: u64: -1 is out of range 0 to 18446744073709551615");
	assert_fails("\"numbers\":[4294967296]",
		     "doc: numbers[0]: 4294967296 is out of range 0 to 4294967295");
	assert_fails("\"i64\":5.0",
		     "doc: i64: expected an integer of 64 bits without fraction or exponent");
	assert_fails("\"i64\":1e3",
		     "doc: i64: expected an integer of 64 bits without fraction or exponent");
	assert_fails("\"u64\":18446744073709551616",
		     "doc: u64: expected an integer of 64 bits without fraction or exponent");
}

static void texts_obey_the_bits_of_their_rows(void **state UNUSED)
{
	assert_fails("\"nonempty\":\"\"", "doc: nonempty: must not be empty");
	assert_fails("\"absolute\":\"a\"", "doc: absolute: must be an absolute path, not 'a'");
	assert_fails("\"string\":\"a\\u0000b\"", "doc: string: text with an embedded NUL");
	assert_fails("\"texts\":{\"a\\u0000b\":\"\"}", "doc: texts: text with an embedded NUL");
	assert_fails("\"word\":\"blue\"", "doc: word: unknown color 'blue'");
	assert_fails("\"words\":[\"red\",\"re\"]", "doc: words[1]: unknown color 're'");
}

static void missing_keys_are_named_where_they_should_stand(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	void *object;

	assert_int_equal(oci_decode(&all_type, "doc", "{}", 2, NULL, &a, &object, &e), -EINVAL);
	assert_string_equal(e.msg, "doc: required: is required");
	assert_fails("\"objects\":[{\"name\":\"\"},{}]", "doc: objects[1].name: is required");
	assert_fails("\"map\":{\"a.b\":{}}", "doc: map[\"a.b\"].name: is required");
	assert_fails("\"object\":{\"name\":null}", "doc: object.name: is required");
}

static void no_object_has_a_key_twice(void **state UNUSED)
{
	assert_fails("\"flag\":true,\"flag\":true", "doc: flag: duplicate key");
	assert_fails("\"flag\":null,\"flag\":true", "doc: flag: duplicate key");
	assert_fails("\"x\":1,\"y\":1,\"x\":1", "doc: x: duplicate key");
	assert_fails("\"texts\":{\"b\":\"\",\"a\":\"\",\"b\":\"\"}", "doc: texts.b: duplicate key");
	assert_fails("\"set\":{\"b\":{},\"b\":null}", "doc: set.b: duplicate key");
	assert_fails("\"map\":{\"b\":{\"name\":\"\"},\"b\":{\"name\":\"\"}}",
		     "doc: map.b: duplicate key");
	assert_fails("\"ignored\":[{\"a\":{\"b\":1,\"b\":2}}]",
		     "doc: ignored[0].a.b: duplicate key");
}

static void texts_from_the_document_are_short_and_clean_in_messages(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *members = NULL;
	struct err e = { 0 };
	struct all *all;

	assert_fails("\"word\":\"\\u001b[2J\"", "doc: word: unknown color '?[2J'");
	assert_fails("\"texts\":{\"\\n\":5}",
		     "doc: texts[\"?\"]: expected a string, found a number");
	/* The cut falls between characters, not inside one. */
	members = xasprintf("\"word\":\"%075dää\"", 0);
	assert_int_equal(decode(members, NULL, &a, &all, &e), -EINVAL);
	assert_true(strlen(e.msg) < 120);
	assert_non_null(strstr(e.msg, "000...'"));
}

static void deep_nesting_is_refused_even_where_it_is_ignored(void **state UNUSED)
{
	auto_(strbuf) struct strbuf deep = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct all *all;

	strbuf_adds(&deep, "\"ignored\":");
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		strbuf_adds(&deep, "[");
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		strbuf_adds(&deep, "]");
	assert_true(decode(strbuf_str(&deep), NULL, &a, &all, NULL) < 0);
	/* One level less is the document's own object plus 63. */
	strbuf_truncate(&deep, deep.len - 1);
	deep.data[strlen("\"ignored\":")] = ' ';
	assert_int_equal(decode(strbuf_str(&deep), NULL, &a, &all, NULL), 0);
}

static void a_document_that_would_fill_the_memory_is_refused(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	struct all *all;

	/* Each item takes some 30 times its text. */
	strbuf_adds(&text, "\"objects\":[{\"name\":\"\"}");
	while (text.len < ((size_t)15 << 20))
		strbuf_adds(&text, ",{\"name\":\"\"}");
	strbuf_adds(&text, "],\"map\":{\"a\":{\"name\":\"\"}}");
	assert_int_equal(decode(strbuf_str(&text), NULL, &a, &all, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "the document needs more than 128 MiB of memory"));
	assert_true(a.used <= DECODE_MAX_MEMORY + 4096);
}

static void many_names_in_one_object_do_not_take_their_square(void **state UNUSED)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct err e = { 0 };
	struct all *all;

	/* 300 thousand names: compared pair by pair this would take minutes. */
	strbuf_adds(&text, "\"ignored\":{\"n\":1");
	for (int i = 0; i < 300000; i++)
		strbuf_addf(&text, ",\"n%d\":1", i);
	strbuf_adds(&text, ",\"n7\":1}");
	assert_int_equal(decode(strbuf_str(&text), NULL, &a, &all, &e), -EINVAL);
	assert_string_equal(e.msg, "doc: ignored.n7: duplicate key");
}

/* ---- Leniency ---- */

static void note_path(void *ctx, const char *path, const char *key UNUSED,
		      const struct field_type *known UNUSED)
{
	strv_add(ctx, path);
}

static void unknown_keys_are_skipped_and_told_once_each(void **state UNUSED)
{
	auto_(strv) struct strv paths = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct decode_opts opts = { .unknown = note_path, .ctx = &paths };
	struct all *all;

	assert_int_equal(
		decode("\"String\":1,\"objects\":[{\"name\":\"\"},{\"name\":\"\",\"x\":{\"y\":[1]}}],"
		       "\"set\":{\"80/tcp\":{\"z\":null}},\"ignored\":{\"i\":1},\"\":2",
		       &opts, &a, &all, NULL),
		0);
	assert_int_equal(paths.n, 4);
	assert_string_equal(paths.v[0], "String");
	assert_string_equal(paths.v[1], "objects[1].x");
	assert_string_equal(paths.v[2], "set[\"80/tcp\"].z");
	assert_string_equal(paths.v[3], "[\"\"]");
	assert_null(all->string);
}

static void null_is_absent_but_names_are_content(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct all *all = decode_ok(
		"\"string\":null,\"flag\":null,\"i64\":null,\"word\":null,\"object\":null,"
		"\"strings\":null,\"texts\":{\"a\":null,\"b\":\"x\"},\"set\":{\"p\":null}",
		&a);

	assert_null(all->string);
	assert_false(all->i64.set);
	assert_null(all->object);
	assert_null(all->strings.items);
	assert_int_equal(all->texts.n, 1);
	assert_string_equal(all->texts.items[0].key, "b");
	assert_int_equal(all->set.n, 1);
}

static void an_array_may_be_the_whole_document(void **state UNUSED)
{
	static const char text[] = "[{\"name\":\"a\"},{\"name\":\"b\"}]";
	static const char bad[] = "[{\"name\":\"a\"},{}]";
	auto_(arena) struct arena a = { 0 };
	struct oci_array items = { 0 };
	struct err e = { 0 };

	assert_int_equal(
		oci_decode_array(&leaf_type, "doc", text, strlen(text), NULL, &a, &items, &e), 0);
	assert_int_equal(items.n, 2);
	assert_string_equal(((struct leaf *)items.items)[1].name, "b");
	assert_int_equal(
		oci_decode_array(&leaf_type, "doc", bad, strlen(bad), NULL, &a, &items, &e),
		-EINVAL);
	assert_string_equal(e.msg, "doc: [1].name: is required");
	assert_int_equal(items.n, 2);
	assert_int_equal(oci_decode_array(&leaf_type, "doc", "{}", 2, NULL, &a, &items, &e),
			 -EINVAL);
	assert_string_equal(e.msg, "doc: expected an array, found an object");
}

/* ---- Encoding ---- */

static void members_are_written_in_the_order_of_the_rows(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf out = { 0 };
	struct all *all = decode_ok(
		"\"set\":{\"80/tcp\":{}},\"texts\":{\"b\":\"1\",\"a\":\"2\"},\"words\":[\"red\"],"
		"\"numbers\":[3],\"strings\":[],\"objects\":[{\"name\":\"n\"}],\"word\":\"red\","
		"\"map\":{\"k\":{\"number\":-1,\"name\":\"v\"}},\"real\":0.5,\"u64\":5,\"i64\":0,"
		"\"optFlag\":false,\"flag\":false",
		&a);

	oci_encode(&all_type, all, 0, &out);
	assert_string_equal(
		strbuf_str(&out),
		"{\"required\":\"\",\"keptFlag\":false,\"optFlag\":false,\"i64\":0,\"u64\":5,\"real\":0.5,"
		"\"word\":\"red\",\"strings\":[],\"numbers\":[3],\"words\":[\"red\"],"
		"\"objects\":[{\"name\":\"n\"}],\"map\":{\"k\":{\"name\":\"v\",\"number\":-1}},"
		"\"texts\":{\"b\":\"1\",\"a\":\"2\"},\"set\":{\"80/tcp\":{}}}");
}

static void what_was_encoded_decodes_to_the_same(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	autofree char *text = encode_twice(
		&all_type,
		decode_ok(
			"\"string\":\"\\\"\\\\/\\u0001\",\"strings\":[\"\"],\"texts\":{\"\\\"\":\"\"}",
			&a));

	assert_non_null(strstr(text, "\"\\\"\\\\/\\u0001\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_lands_in_its_member),
		cmocka_unit_test(lists_of_every_length_end_in_null),
		cmocka_unit_test(long_lists_keep_every_item_and_end_in_null),
		cmocka_unit_test(an_empty_list_is_not_an_absent_one),
		cmocka_unit_test(an_optional_empty_string_is_absent),
		cmocka_unit_test(a_wrong_kind_names_both_kinds),
		cmocka_unit_test(numbers_must_fit_and_be_written_as_integers),
		cmocka_unit_test(texts_obey_the_bits_of_their_rows),
		cmocka_unit_test(missing_keys_are_named_where_they_should_stand),
		cmocka_unit_test(no_object_has_a_key_twice),
		cmocka_unit_test(texts_from_the_document_are_short_and_clean_in_messages),
		cmocka_unit_test(deep_nesting_is_refused_even_where_it_is_ignored),
		cmocka_unit_test(a_document_that_would_fill_the_memory_is_refused),
		cmocka_unit_test(many_names_in_one_object_do_not_take_their_square),
		cmocka_unit_test(unknown_keys_are_skipped_and_told_once_each),
		cmocka_unit_test(null_is_absent_but_names_are_content),
		cmocka_unit_test(an_array_may_be_the_whole_document),
		cmocka_unit_test(members_are_written_in_the_order_of_the_rows),
		cmocka_unit_test(what_was_encoded_decodes_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
