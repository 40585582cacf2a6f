/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci-spec/data.h"

#include "oci-spec/image_spec.h"

static void documents_are_told_by_their_types(void **state UNUSED)
{
	assert_int_equal(media_type_parse(MEDIA_OCI_MANIFEST, NULL, NULL), MEDIA_MANIFEST);
	assert_int_equal(media_type_parse(MEDIA_DOCKER_MANIFEST, NULL, NULL), MEDIA_MANIFEST);
	assert_int_equal(media_type_parse(MEDIA_OCI_INDEX, NULL, NULL), MEDIA_INDEX);
	assert_int_equal(media_type_parse(MEDIA_DOCKER_LIST, NULL, NULL), MEDIA_INDEX);
	assert_int_equal(media_type_parse(MEDIA_OCI_CONFIG, NULL, NULL), MEDIA_CONFIG);
	assert_int_equal(media_type_parse(MEDIA_DOCKER_CONFIG, NULL, NULL), MEDIA_CONFIG);
	assert_int_equal(media_type_parse(MEDIA_OCI_EMPTY, NULL, NULL), MEDIA_EMPTY);
}

static void layers_tell_their_compression_and_whether_they_may_be_pushed(void **state UNUSED)
{
	static const struct {
		const char *type;
		enum layer_compression compression;
		bool foreign;
	} rows[] = {
		{ "application/vnd.oci.image.layer.v1.tar", LAYER_PLAIN, false },
		{ "application/vnd.oci.image.layer.v1.tar+gzip", LAYER_GZIP, false },
		{ "application/vnd.oci.image.layer.v1.tar+zstd", LAYER_ZSTD, false },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar", LAYER_PLAIN, true },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", LAYER_GZIP,
		  true },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", LAYER_ZSTD,
		  true },
		{ "application/vnd.docker.image.rootfs.diff.tar", LAYER_PLAIN, false },
		{ "application/vnd.docker.image.rootfs.diff.tar.gzip", LAYER_GZIP, false },
		{ "application/vnd.docker.image.rootfs.diff.tar.zstd", LAYER_ZSTD, false },
		{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", LAYER_GZIP, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum layer_compression compression;
		bool foreign;

		assert_int_equal(media_type_parse(rows[i].type, &compression, &foreign),
				 MEDIA_LAYER);
		assert_int_equal(compression, rows[i].compression);
		assert_int_equal(foreign, rows[i].foreign);
		assert_int_equal(media_type_parse(rows[i].type, NULL, NULL), MEDIA_LAYER);
	}
}

static void other_types_are_unknown_and_leave_the_results_alone(void **state UNUSED)
{
	static const char *const types[] = {
		"",
		"text/html",
		"application/vnd.oci.image.layer.v1.tar+",
		"application/vnd.oci.image.layer.v1.tar+bzip2",
		"application/vnd.oci.image.layer.v1.tar.gzip",
		"application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
		"application/vnd.docker.image.rootfs.diff.tar+gzip",
		"application/vnd.oci.image.manifest.v1+json ",
		"application/vnd.oci.image.manifest.v2+json",
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		enum layer_compression compression = LAYER_ZSTD;
		bool foreign = true;

		assert_int_equal(media_type_parse(types[i], &compression, &foreign), MEDIA_UNKNOWN);
		assert_int_equal(compression, LAYER_ZSTD);
		assert_true(foreign);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_told_by_their_types),
		cmocka_unit_test(layers_tell_their_compression_and_whether_they_may_be_pushed),
		cmocka_unit_test(other_types_are_unknown_and_leave_the_results_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
