/* SPDX-License-Identifier: Apache-2.0 */
/* What real engines hand to their runtime is read whole, and written back the same. */
#include "tests/unit/oci-spec/data.h"

#include "oci-spec/runtime_spec.h"

static void count_unknown(void *ctx, const char *path, const char *key UNUSED,
			  const struct field_type *known UNUSED)
{
	(void)path;
	++*(size_t *)ctx;
}

static const struct field_type *document_type(const char *name)
{
	return starts_with(name, "exec-process-") ? &spec_process_type : &runtime_spec_type;
}

static void decode_file(const char *name, const struct data *d, struct arena *a, void **ret)
{
	size_t unknown = 0;
	struct decode_opts opts = { .unknown = count_unknown, .ctx = &unknown };
	struct err e = { 0 };

	if (oci_decode(document_type(name), name, d->text, d->len, &opts, a, ret, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(unknown, 0);
}

static void check_rules(const char *name, const struct data *d, struct arena *a)
{
	struct runtime_spec *spec;
	struct spec_process *process;
	struct err e = { 0 };
	int r = document_type(name) == &spec_process_type
			? spec_process_decode(name, d->text, d->len, a, &process, &e)
			: runtime_spec_decode(name, d->text, d->len, NULL, a, &spec, &e);

	if (r < 0)
		fail_msg("%s", e.msg);
}

static void for_each_bundle(void (*look)(const char *name, const struct data *d, struct arena *a))
{
	auto_(strv) struct strv names = { 0 };

	data_list("bundles", ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path = xasprintf("bundles/%s", names.v[i]);
		auto_(data) struct data d = data_read_bundle(path);
		auto_(arena) struct arena a = { 0 };

		look(names.v[i], &d, &a);
	}
}

static void engines_documents_pass_all_rules(void **state UNUSED)
{
	for_each_bundle(check_rules);
}

static void check_round_trip(const char *name, const struct data *d, struct arena *a)
{
	autofree char *encoded = NULL;
	struct json *before, *after;
	struct err e = { 0 };
	void *object;

	decode_file(name, d, a, &object);
	encoded = encode_twice(document_type(name), object);
	if (json_parse(name, d->text, d->len, a, &before, &e) < 0 ||
	    json_parse("encoded", encoded, strlen(encoded), a, &after, &e) < 0)
		fail_msg("%s", e.msg);
	assert_json_same(name, before, after);
}

static void no_member_is_lost_between_decoding_and_encoding(void **state UNUSED)
{
	for_each_bundle(check_round_trip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_documents_pass_all_rules),
		cmocka_unit_test(no_member_is_lost_between_decoding_and_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
