/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes, image configs, layout files, docker archives: tests/data/image, the kind of a
 * document is the first word of its name. */
#include "tests/unit/oci-spec/data.h"

#include "oci-spec/image_spec.h"

static int decode_archive(const struct data *d, struct arena *a, struct err *e)
{
	struct docker_archive_item *items;
	size_t n;
	int r = docker_archive_decode("archive", d->text, d->len, a, &items, &n, e);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		free(encode_twice(&docker_archive_item_type, &items[i]));
	}
	return r;
}

static int decode(const char *name, const struct data *d, struct arena *a, struct err *e)
{
	struct image_manifest *manifest;
	struct image_index *index;
	struct image_config *config;
	struct image_layout *layout;
	autofree char *encoded = NULL;
	int r;

	if (starts_with(name, "manifest-")) {
		r = image_manifest_decode("manifest", d->text, d->len, a, &manifest, e);
		encoded = r < 0 ? NULL : encode_twice(&image_manifest_type, manifest);
	} else if (starts_with(name, "index-")) {
		r = image_index_decode("index", d->text, d->len, a, &index, e);
		encoded = r < 0 ? NULL : encode_twice(&image_index_type, index);
	} else if (starts_with(name, "config-")) {
		r = image_config_decode("config", d->text, d->len, a, &config, e);
		encoded = r < 0 ? NULL : encode_twice(&image_config_type, config);
	} else if (starts_with(name, "layout-")) {
		r = image_layout_decode("layout", d->text, d->len, a, &layout, e);
		encoded = r < 0 ? NULL : encode_twice(&image_layout_type, layout);
	} else {
		assert_true(starts_with(name, "archive-"));
		return decode_archive(d, a, e);
	}
	/* What was read is what would be written: nothing lost, nothing added. */
	if (encoded) {
		struct json *before, *after;

		assert_int_equal(json_parse("a", d->text, d->len, a, &before, NULL), 0);
		assert_int_equal(json_parse("b", encoded, strlen(encoded), a, &after, NULL), 0);
		assert_json_same(name, before, after);
	}
	return r;
}

static void each_good_document_decodes_and_encodes_the_same(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };

	data_list("image/good", ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path = xasprintf("image/good/%s", names.v[i]);
		auto_(data) struct data d = data_read(path);
		auto_(arena) struct arena a = { 0 };
		struct err e = { 0 };

		if (decode(names.v[i], &d, &a, &e) < 0)
			fail_msg("%s: %s", path, e.msg);
	}
}

static void each_bad_document_fails_with_the_error_beside_it(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };

	data_list("image/bad", ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *path = xasprintf("image/bad/%s", names.v[i]);
		autofree char *expected_path = xasprintf("%.*s.err", (int)(strlen(path) - 5), path);
		auto_(data) struct data expected = data_read(expected_path);
		auto_(data) struct data d = data_read(path);
		auto_(arena) struct arena a = { 0 };
		struct err e = { 0 };

		if (decode(names.v[i], &d, &a, &e) >= 0)
			fail_msg("%s passes", path);
		expected.text[strcspn(expected.text, "\n")] = '\0';
		if (!streq(expected.text, e.msg))
			fail_msg("%s: '%s' is not '%s'", path, e.msg, expected.text);
	}
}

static void the_image_config_tells_absent_from_empty(void **state UNUSED)
{
	static const char text[] =
		"{\"architecture\":\"a\",\"os\":\"b\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},"
		"\"config\":{\"User\":\"\",\"Entrypoint\":[],\"Cmd\":null,\"ExposedPorts\":{\"80/tcp\":null}}}";
	auto_(arena) struct arena a = { 0 };
	struct image_config *config;

	assert_int_equal(image_config_decode("c", text, strlen(text), &a, &config, NULL), 0);
	assert_null(config->config->user);
	assert_non_null(config->config->entrypoint.items);
	assert_int_equal(config->config->entrypoint.n, 0);
	assert_null(config->config->cmd.items);
	assert_int_equal(config->config->exposed_ports.n, 1);
	assert_string_equal(config->config->exposed_ports.items[0], "80/tcp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_good_document_decodes_and_encodes_the_same),
		cmocka_unit_test(each_bad_document_fails_with_the_error_beside_it),
		cmocka_unit_test(the_image_config_tells_absent_from_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
