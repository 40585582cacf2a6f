/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "imagetool/build/contexts.h"
#include "imagetool/build/values.h"

static void a_context_is_a_directory_a_stream_a_repository_or_an_url(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum input_kind kind;
	} rows[] = {
		{ ".", INPUT_DIR },
		{ "/tmp", INPUT_DIR },
		{ "-", INPUT_STDIN },
		{ "https://example.org/x.git", INPUT_GIT },
		{ "https://example.org/x.git#main:sub", INPUT_GIT },
		{ "git://example.org/x", INPUT_GIT },
		{ "git@example.org:x/y", INPUT_GIT },
		{ "github.com/x/y", INPUT_GIT },
		{ "https://example.org/x.tar.gz", INPUT_HTTP },
		{ "http://example.org/Dockerfile", INPUT_HTTP },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct git_url git = { 0 };
		enum input_kind kind;

		assert_int_equal(input_kind(rows[i].text, &a, &kind, &git, NULL), 0);
		assert_int_equal(kind, rows[i].kind);
	}
}

static void archives_are_known_by_their_first_bytes(void **state UNUSED)
{
	char tar[512] = { 0 };

	memcpy(tar + 257, "ustar", 5);
	assert_true(input_is_archive(tar, sizeof(tar)));
	assert_false(input_is_archive(tar, 260));
	assert_true(input_is_archive("\x1f\x8b\x08", 3));
	assert_true(input_is_archive("BZh9", 4));
	assert_true(input_is_archive("\xfd"
				     "7zXZ\0",
				     6));
	assert_true(input_is_archive("\x28\xb5\x2f\xfd", 4));
	assert_false(input_is_archive("FROM scratch\n", 13));
	assert_false(input_is_archive("", 0));
}

static void contexts_read(const char *typed, struct arena *a, struct build_contexts *c)
{
	auto_(strv) struct strv list = { 0 };
	struct err e = { 0 };

	strv_add(&list, typed);
	assert_int_equal(build_contexts_read(&list, a, c, &e), 0);
}

static void named_contexts_say_what_they_are(void **state UNUSED)
{
	static const struct {
		const char *typed;
		enum graph_context_kind kind;
		const char *value, *layout;
	} rows[] = {
		{ "a=docker-image://alpine:3", GRAPH_CONTEXT_IMAGE, "alpine:3", NULL },
		{ "a=oci-layout:///d/e", GRAPH_CONTEXT_LAYOUT, "latest", "/d/e" },
		{ "a=oci-layout:///d:1/e:t", GRAPH_CONTEXT_LAYOUT, "t", "/d:1/e" },
		{ "a=oci-layout:///d:1/e", GRAPH_CONTEXT_LAYOUT, "latest", "/d:1/e" },
		{ "a=oci-layout://e:t@sha256:12", GRAPH_CONTEXT_LAYOUT, "sha256:12", "e" },
		{ "a=target:base", GRAPH_CONTEXT_TARGET, "base", NULL },
		{ "a=https://h/x.git#r:d", GRAPH_CONTEXT_GIT, "https://h/x.git#r:d", NULL },
		{ "a=https://h/x", GRAPH_CONTEXT_HTTP, "https://h/x", NULL },
		{ "A=/", GRAPH_CONTEXT_FILES, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		auto_(build_contexts) struct build_contexts c = { 0 };
		const struct build_context *found;

		contexts_read(rows[i].typed, &a, &c);
		found = build_contexts_find(&c, "a");
		assert_non_null(found);
		assert_int_equal(found->is.kind, rows[i].kind);
		if (rows[i].value)
			assert_string_equal(found->is.value, rows[i].value);
		if (rows[i].layout)
			assert_string_equal(found->is.layout, rows[i].layout);
	}
}

static void a_context_named_as_an_image_is_found_by_the_whole_name(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(build_contexts) struct build_contexts c = { 0 };

	contexts_read("alpine=/", &a, &c);
	assert_non_null(build_contexts_find(&c, "docker.io/library/alpine:latest"));
	assert_null(build_contexts_find(&c, "docker.io/library/alpine:3"));
}

static void a_context_that_is_not_there_is_named(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct build_contexts c = { 0 };
	auto_(strv) struct strv list = { 0 };
	struct err e = { 0 };

	strv_add(&list, "x=/no/such");
	assert_int_equal(build_contexts_read(&list, &a, &c, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "failed to get build context x: stat /no/such"));
}

static void arguments_come_from_the_environment_when_they_have_no_value(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(build_values) struct build_values v = { 0 };
	struct build_options o = { 0 };

	(void)unsetenv("SOURCE_DATE_EPOCH");
	(void)setenv("TEST_THERE", "yes", 1);
	(void)unsetenv("TEST_NOT_THERE");
	strv_add(&o.build_args, "TEST_THERE");
	strv_add(&o.build_args, "TEST_NOT_THERE");
	strv_add(&o.build_args, "A=b=c");
	assert_int_equal(build_values_read(&o, &a, &v, NULL), 0);
	assert_int_equal(v.n_args, 2);
	assert_string_equal(v.args[0].value, "yes");
	assert_string_equal(v.args[1].name, "A");
	assert_string_equal(v.args[1].value, "b=c");
	strv_done(&o.build_args);
}

static void a_given_epoch_beats_the_environments(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(build_values) struct build_values v = { 0 };
	struct build_options o = { .epoch = "5" };

	(void)setenv("SOURCE_DATE_EPOCH", "7", 1);
	assert_int_equal(build_values_read(&o, &a, &v, NULL), 0);
	assert_string_equal(v.args[v.n_args - 1].value, "5");
	(void)unsetenv("SOURCE_DATE_EPOCH");
}

static void platforms_are_split_at_commas(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(build_values) struct build_values v = { 0 };
	struct build_options o = { 0 };

	strv_add(&o.platforms, "linux/amd64,linux/arm64");
	strv_add(&o.platforms, "linux/arm/v7");
	assert_int_equal(build_values_read(&o, &a, &v, NULL), 0);
	assert_int_equal(v.n_platforms, 3);
	assert_string_equal(v.platforms[1].arch, "arm64");
	assert_string_equal(v.platforms[2].variant, "v7");
	strv_done(&o.platforms);
}

static void secrets_are_read_where_they_are_said_to_be(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct run_secret s = { 0 };

	(void)setenv("TEST_SECRET", "hush", 1);
	assert_int_equal(build_secret_read("id=x,env=TEST_SECRET", &a, &s, NULL), 0);
	assert_string_equal(s.id, "x");
	assert_int_equal(s.len, 4);
	assert_memory_equal(s.data, "hush", 4);
	assert_int_equal(build_secret_read("id=TEST_SECRET", &a, &s, NULL), 0);
	assert_memory_equal(s.data, "hush", 4);
	assert_int_equal(build_secret_read("type=env,id=y,src=TEST_SECRET", &a, &s, NULL), 0);
	assert_memory_equal(s.data, "hush", 4);
}

static void what_is_no_secret_is_refused(void **state UNUSED)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "src=/x", "secret missing ID" },
		{ "id", "must be a key=value pair" },
		{ "id=x,colour=red", "unexpected key 'colour'" },
		{ "id=x,type=disk", "unsupported secret type 'disk'" },
		{ "id=x,src=/no/such", "/no/such" },
		{ "id=x,env=TEST_NOT_THERE", "the environment has no 'TEST_NOT_THERE'" },
		{ "id=x,env=A,src=b", "exclude each other" },
	};

	(void)unsetenv("TEST_NOT_THERE");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(arena) struct arena a = { 0 };
		struct run_secret s = { 0 };
		struct err e = { 0 };

		assert_true(build_secret_read(rows[i].text, &a, &s, &e) < 0);
		assert_non_null(strstr(e.msg, rows[i].why));
	}
}

static void an_agent_must_be_there(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct run_ssh s = { 0 };
	struct err e = { 0 };

	(void)unsetenv("SSH_AUTH_SOCK");
	assert_true(build_ssh_read("default", &a, &s, &e) < 0);
	assert_non_null(strstr(e.msg, "SSH_AUTH_SOCK"));
	(void)setenv("SSH_AUTH_SOCK", "/run/agent", 1);
	assert_int_equal(build_ssh_read("default", &a, &s, &e), 0);
	assert_string_equal(s.socket, "/run/agent");
}

static void networks_that_are_none_are_refused(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	auto_(build_values) struct build_values v = { 0 };
	struct build_options o = { .run = { .network = "bridge0" } };
	struct err e = { 0 };

	assert_true(build_values_read(&o, &a, &v, &e) < 0);
	assert_non_null(strstr(e.msg, "--network 'bridge0'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_context_is_a_directory_a_stream_a_repository_or_an_url),
		cmocka_unit_test(archives_are_known_by_their_first_bytes),
		cmocka_unit_test(named_contexts_say_what_they_are),
		cmocka_unit_test(a_context_named_as_an_image_is_found_by_the_whole_name),
		cmocka_unit_test(a_context_that_is_not_there_is_named),
		cmocka_unit_test(arguments_come_from_the_environment_when_they_have_no_value),
		cmocka_unit_test(a_given_epoch_beats_the_environments),
		cmocka_unit_test(platforms_are_split_at_commas),
		cmocka_unit_test(secrets_are_read_where_they_are_said_to_be),
		cmocka_unit_test(what_is_no_secret_is_refused),
		cmocka_unit_test(an_agent_must_be_there),
		cmocka_unit_test(networks_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
