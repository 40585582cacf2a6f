/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: tests/data/config/good decodes, each of bad/ fails with the words beside it. */
#include "tests/unit/oci-spec/data.h"

#include <errno.h>

#include "oci-spec/runtime_spec.h"

static int decode(const char *path, const struct decode_opts *opts, struct arena *a,
		  struct runtime_spec **ret, struct err *e)
{
	auto_(data) struct data d = data_read(path);

	return runtime_spec_decode("config.json", d.text, d.len, opts, a, ret, e);
}

/* ---- Our examples ---- */

static void each_bad_document_fails_with_the_error_beside_it(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };

	data_list("config/bad", ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path = xasprintf("config/bad/%s", names.v[i]);
		autofree char *expected_path = xasprintf("%.*s.err", (int)(strlen(path) - 5), path);
		auto_(data) struct data expected = data_read(expected_path);
		auto_(arena) struct arena a = { 0 };
		struct runtime_spec *spec = NULL;
		struct err e = { 0 };

		if (decode(path, NULL, &a, &spec, &e) >= 0)
			fail_msg("%s passes", path);
		expected.text[strcspn(expected.text, "\n")] = '\0';
		if (!streq(expected.text, e.msg))
			fail_msg("%s: '%s' is not '%s'", path, e.msg, expected.text);
		assert_null(spec);
	}
}

static void each_good_document_passes_and_encodes_stably(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };

	data_list("config/good", ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path = xasprintf("config/good/%s", names.v[i]);
		auto_(arena) struct arena a = { 0 };
		struct runtime_spec *spec;
		struct err e = { 0 };

		if (decode(path, NULL, &a, &spec, &e) < 0)
			fail_msg("%s: %s", path, e.msg);
		free(encode_twice(&runtime_spec_type, spec));
	}
}

static void note_path(void *ctx, const char *path, const char *key UNUSED,
		      const struct field_type *known UNUSED)
{
	strv_add(ctx, path);
}

struct faults {
	struct strv list; /* "KIND PATH REASON" of the decoder, "PATH: REASON" of the rules */
};

static void note_fault(void *ctx, enum decode_fault kind, const char *path, const char *reason)
{
	static const char *const kinds[] = {
		[DECODE_WRONG_KIND] = "kind",
		[DECODE_WRONG_VALUE] = "value",
		[DECODE_DUPLICATE] = "twice",
		[DECODE_MISSING] = "missing",
	};

	strv_addf(&((struct faults *)ctx)->list, "%s %s: %s", kinds[kind], path, reason);
}

static void note_rule(void *ctx, const char *path, const char *reason)
{
	strv_addf(&((struct faults *)ctx)->list, "%s: %s", path, reason);
}

static void who_wants_all_faults_gets_them(void **state UNUSED)
{
	static const char text[] =
		"{\"process\":{\"cwd\":7,\"args\":{\"x\":[1]},\"env\":[\"A=1\",2,\"nothing\"],"
		"\"rlimits\":[{\"type\":\"RLIMIT_X\",\"hard\":1,\"soft\":2},"
		"{\"type\":\"RLIMIT_Y\",\"hard\":1,\"soft\":1}]},"
		"\"root\":[],\"root\":{\"path\":\"r\"},\"hostname\":\"h\","
		"\"linux\":{\"namespaces\":[{\"type\":\"pod\"},{\"type\":\"pid\"},{\"type\":\"pid\"}],"
		"\"resources\":{\"memory\":{\"limit\":1.5,\"swappiness\":101}},"
		"\"maskedPaths\":[\"x\",\"/y\",\"z\"]}}";
	static const char *const want[] = {
		"kind process.cwd: expected a string, found a number",
		"kind process.args: expected an array, found an object",
		"kind process.env[1]: expected a string, found a number",
		"kind root: expected an object, found an array",
		"twice root: duplicate key",
		"value linux.namespaces[0].type: unknown namespace type 'pod'",
		"kind linux.resources.memory.limit: expected an integer of 64 bits without fraction or exponent",
		"missing ociVersion: is required",
		"ociVersion: '' is not a semantic version",
		"root: is required",
		"hostname: needs a namespace of type 'uts'",
	};
	struct faults f = { 0 };
	struct decode_opts opts = { .fault = note_fault, .ctx = &f };
	struct arena a = { 0 };
	void *spec = NULL;
	struct err e = { 0 };
	int r = oci_decode(&runtime_spec_type, "c", text, strlen(text), &opts, &a, &spec, &e);

	assert_int_equal(r, 0);
	runtime_spec_faults(spec, note_rule, &f);
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_true(strv_has(&f.list, want[i]));
	/* Each of several in one list. */
	assert_true(strv_has(&f.list, "process.rlimits[0].type: unknown limit 'RLIMIT_X'"));
	assert_true(strv_has(&f.list, "process.rlimits[1].type: unknown limit 'RLIMIT_Y'"));
	assert_true(strv_has(&f.list, "linux.namespaces[2].type: 'pid' is given twice"));
	assert_true(strv_has(&f.list, "linux.maskedPaths[0]: must be an absolute path, not 'x'"));
	assert_true(strv_has(&f.list, "linux.maskedPaths[2]: must be an absolute path, not 'z'"));
	strv_done(&f.list);
	arena_done(&a);
}

static void unknown_keys_are_ignored_and_reported_by_their_paths(void **state UNUSED)
{
	auto_(strv) struct strv paths = { 0 };
	auto_(arena) struct arena a = { 0 };
	struct decode_opts opts = { .unknown = note_path, .ctx = &paths };
	struct runtime_spec *spec;

	assert_int_equal(decode("config/good/unknown-keys.json", &opts, &a, &spec, NULL), 0);
	assert_int_equal(paths.n, 3);
	assert_string_equal(paths.v[0], "root.x");
	assert_string_equal(paths.v[1], "process.caps");
	assert_string_equal(paths.v[2], "linux.resources.memory.limitt");
}

static void every_null_counts_as_absent(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec;

	assert_int_equal(decode("config/good/null-everywhere.json", NULL, &a, &spec, NULL), 0);
	assert_null(spec->process->user);
	assert_null(spec->process->env.items);
	assert_false(spec->process->oom_score_adj.set);
	assert_int_equal(spec->annotations.n, 0);
	assert_false(spec->linux_->resources->memory->limit.set);
	/* The device is named, and that is content. */
	assert_int_equal(spec->linux_->resources->rdma.n, 1);
}

/* ---- The specification's examples ---- */

/* Examples that are good as documents; what keeps them from being run on Linux by a 1.x runtime. */
static const struct {
	const char *name, *error;
} other_worlds[] = {
	{ "freebsd-example.json", "config.json: hostname: needs a namespace of type 'uts'" },
	{ "linux-netdevice.json",
	  "config.json: linux.netDevices: needs a namespace of type 'network'" },
	{ "spec-example.json",
	  "config.json: ociVersion: version '0.5.0-dev' is not supported, only 1.x is" },
	{ "zos-example.json",
	  "config.json: ociVersion: version '0.5.0-dev' is not supported, only 1.x is" },
};

static const char *expected_error(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(other_worlds); i++) {
		if (streq(other_worlds[i].name, name))
			return other_worlds[i].error;
	}
	return "";
}

static void the_specifications_good_examples_decode(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };

	data_list("spec/runtime-spec/test/config/good", ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path =
			xasprintf("spec/runtime-spec/test/config/good/%s", names.v[i]);
		auto_(data) struct data d = data_read(path);
		auto_(arena) struct arena a = { 0 };
		struct runtime_spec *spec;
		struct err e = { 0 };
		void *object;

		if (oci_decode(&runtime_spec_type, path, d.text, d.len, NULL, &a, &object, &e) < 0)
			fail_msg("%s", e.msg);
		free(encode_twice(&runtime_spec_type, object));
		(void)decode(path, NULL, &a, &spec, &e);
		assert_string_equal(e.msg, expected_error(names.v[i]));
	}
}

static void the_specifications_bad_examples_fail(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };

	data_list("spec/runtime-spec/test/config/bad", ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path = xasprintf("spec/runtime-spec/test/config/bad/%s", names.v[i]);
		auto_(arena) struct arena a = { 0 };
		struct runtime_spec *spec;
		int r = decode(path, NULL, &a, &spec, NULL);

		/* Only the member of another platform is bad in it, and those are ignored. */
		if (streq(names.v[i], "freebsd-vnet-disable.json"))
			assert_int_equal(r, 0);
		else if (r >= 0)
			fail_msg("%s passes", path);
	}
}

static void check_examples(const char *dir, const struct field_type *type, bool good)
{
	auto_(strv) struct strv names = { 0 };

	data_list(dir, ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path = xasprintf("%s/%s", dir, names.v[i]);
		auto_(data) struct data d = data_read(path);
		auto_(arena) struct arena a = { 0 };
		struct err e = { 0 };
		void *object;
		int r = oci_decode(type, path, d.text, d.len, NULL, &a, &object, &e);

		if ((r >= 0) != good)
			fail_msg("%s: %s", path, good ? e.msg : "passes");
		if (good)
			free(encode_twice(type, object));
	}
}

static void examples_of_state_and_features_decode_or_fail_as_they_should(void **state UNUSED)
{
	check_examples("spec/runtime-spec/test/state/good", &oci_state_type, true);
	check_examples("spec/runtime-spec/test/state/bad", &oci_state_type, false);
	check_examples("spec/runtime-spec/test/features/good", &oci_features_type, true);
	check_examples("spec/runtime-spec/test/features/bad", &oci_features_type, false);
}

/* ---- Documents that are a part ---- */

static void a_process_of_its_own_is_named_from_its_top(void **state UNUSED)
{
	static const char text[] = "{\"cwd\":\"/\",\"args\":[\"a\"],\"rlimits\":["
				   "{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]}";
	auto_(arena) struct arena a = { 0 };
	struct spec_process *process;
	struct err e = { 0 };

	assert_int_equal(spec_process_decode("p.json", text, strlen(text), &a, &process, &e),
			 -EINVAL);
	assert_string_equal(e.msg, "p.json: rlimits[0].type: unknown limit 'RLIMIT_X'");
}

static void resources_of_their_own_may_change_swap_alone(void **state UNUSED)
{
	static const char good[] = "{\"memory\":{\"swap\":5}}";
	static const char bad[] = "{\"cpu\":{\"idle\":5}}";
	auto_(arena) struct arena a = { 0 };
	struct spec_resources *r;
	struct err e = { 0 };

	assert_int_equal(spec_resources_decode("-", good, strlen(good), &a, &r, &e), 0);
	assert_int_equal(r->memory->swap.v, 5);
	assert_int_equal(spec_resources_decode("-", bad, strlen(bad), &a, &r, &e), -EINVAL);
	assert_string_equal(e.msg, "-: cpu.idle: 5 is out of range 0 to 1");
}

static void namespaces_are_found_by_type(void **state UNUSED)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"time\",\"path\":\"/t\"}]}}";
	auto_(arena) struct arena a = { 0 };
	struct runtime_spec *spec;

	assert_int_equal(runtime_spec_decode("c", text, strlen(text), NULL, &a, &spec, NULL), 0);
	assert_string_equal(spec_find_namespace(spec, OCI_NS_TIME)->path, "/t");
	assert_null(spec_find_namespace(spec, OCI_NS_PID)->path);
	assert_null(spec_find_namespace(spec, OCI_NS_USER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bad_document_fails_with_the_error_beside_it),
		cmocka_unit_test(each_good_document_passes_and_encodes_stably),
		cmocka_unit_test(who_wants_all_faults_gets_them),
		cmocka_unit_test(unknown_keys_are_ignored_and_reported_by_their_paths),
		cmocka_unit_test(every_null_counts_as_absent),
		cmocka_unit_test(the_specifications_good_examples_decode),
		cmocka_unit_test(the_specifications_bad_examples_fail),
		cmocka_unit_test(examples_of_state_and_features_decode_or_fail_as_they_should),
		cmocka_unit_test(a_process_of_its_own_is_named_from_its_top),
		cmocka_unit_test(resources_of_their_own_may_change_swap_alone),
		cmocka_unit_test(namespaces_are_found_by_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
