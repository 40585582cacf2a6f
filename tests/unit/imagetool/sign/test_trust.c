/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/sign/trust.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imagetool/errors.h"
#include "libutil/file.h"

static int add_key(struct sign_trust *t, const char *pem, struct err *e)
{
	char path[] = "/tmp/creel-test-XXXXXX";
	autofd int fd = mkstemp(path);
	int r;

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, pem, strlen(pem), NULL), 0);
	r = sign_trust_add_key(t, path, e);
	assert_int_equal(unlink(path), 0);
	return r;
}

struct vector {
	const char *pem, *message, *signature;
	size_t len;
};

static const struct vector vectors[] = {
	/* RFC 6979, A.2.5: P-256, SHA-256, "sample" */
	{ "-----BEGIN PUBLIC KEY-----\n"
	  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n"
	  "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
	  "-----END PUBLIC KEY-----\n",
	  "sample",
	  "MEYCIQDv1IsqrLao/RFA3ZzUXoHWnSyHe1aq+ZHDTQ6oTq83FgIhAPfLHJQtZXxB1DbHobbin2Xz6QDbua/0Bk3Eqy"
	  "+EOs2o",
	  6 },
	/* RFC 8032, 7.1, test 3 */
	{ "-----BEGIN PUBLIC KEY-----\n"
	  "MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=\n"
	  "-----END PUBLIC KEY-----\n",
	  "\xaf\x82",
	  "YpHWV97sJAJIJ+acOr4BowzlSKKEdDpEXjaA19taw6wY/5tTjRbykK5n92CYTcZZSnwV6XFu0o3AJ77O6h7ECg==",
	  2 },
};

static void signatures_that_others_made_are_known(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		auto_(sign_trust) struct sign_trust *t = sign_trust_new();
		auto_(sign_bytes) struct sign_bytes sig = { 0 };
		const struct vector *v = &vectors[i];
		autofree char *who = NULL;

		assert_int_equal(add_key(t, v->pem, NULL), 0);
		assert_int_equal(base64_decode("x", v->signature, strlen(v->signature),
					       BASE64_STANDARD, &sig, NULL),
				 0);
		assert_int_equal(sign_trust_check_key(t, v->message, v->len, &sig, &who, NULL), 0);
		assert_true(starts_with(who, "key /tmp/"));
		for (size_t k = 0; k < sig.len; k++) {
			autofree char *nobody = NULL;

			sig.data[k] ^= 1;
			assert_int_equal(
				sign_trust_check_key(t, v->message, v->len, &sig, &nobody, NULL),
				-IMAGE_EVERIFY);
			assert_null(nobody);
			sig.data[k] ^= 1;
		}
		assert_int_equal(sign_trust_check_key(t, v->message, v->len - 1, &sig, &who, NULL),
				 -IMAGE_EVERIFY);
	}
}

static void any_of_several_keys_is_enough(void **state UNUSED)
{
	auto_(sign_trust) struct sign_trust *t = sign_trust_new();
	auto_(sign_bytes) struct sign_bytes sig = { 0 };
	autofree char *who = NULL;
	struct err e = { 0 };

	assert_int_equal(base64_decode("x", vectors[0].signature, strlen(vectors[0].signature),
				       BASE64_STANDARD, &sig, NULL),
			 0);
	assert_int_equal(sign_trust_check_key(t, "sample", 6, &sig, &who, &e), -IMAGE_EVERIFY);
	assert_non_null(strstr(e.msg, "no --key is given"));
	assert_int_equal(add_key(t, vectors[1].pem, NULL), 0);
	assert_int_equal(sign_trust_check_key(t, "sample", 6, &sig, &who, &e), -IMAGE_EVERIFY);
	assert_int_equal(add_key(t, vectors[0].pem, NULL), 0);
	assert_int_equal(sign_trust_check_key(t, "sample", 6, &sig, &who, &e), 0);
}

static void what_is_no_key_is_refused(void **state UNUSED)
{
	static const char *const rows[] = {
		"", "hello", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(sign_trust) struct sign_trust *t = sign_trust_new();
		struct err e = { 0 };

		assert_int_equal(add_key(t, rows[i], &e), -EINVAL);
		assert_non_null(strstr(e.msg, "it is no public key in PEM"));
	}
}

static void algorithms_are_found_by_name_and_by_number(void **state UNUSED)
{
	assert_int_equal(sign_algorithm_by_name("PS256"), SIGN_PS256);
	assert_int_equal(sign_algorithm_by_number(-36), SIGN_ES512);
	assert_int_equal(sign_algorithm_by_name("none"), SIGN_NONE);
	assert_int_equal(sign_algorithm_by_name(""), SIGN_NONE);
	assert_int_equal(sign_algorithm_by_name("RS256"), SIGN_NONE);
	assert_int_equal(sign_algorithm_by_number(0), SIGN_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_that_others_made_are_known),
		cmocka_unit_test(any_of_several_keys_is_enough),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(algorithms_are_found_by_name_and_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
