/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

#define EMPTY_256 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_256   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_512                                                                                    \
	"sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"  \
	"36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static void known_texts_have_their_published_digests(void **state UNUSED)
{
	char text[DIGEST_TEXT_SIZE];

	digest_of(DIGEST_SHA256, "", 0, text);
	assert_string_equal(text, EMPTY_256);
	digest_of(DIGEST_SHA256, "abc", 3, text);
	assert_string_equal(text, ABC_256);
	digest_of(DIGEST_SHA512, "abc", 3, text);
	assert_string_equal(text, ABC_512);
}

static void pieces_hash_like_the_whole(void **state UNUSED)
{
	auto_(digest) struct digest *d = digest_new(DIGEST_SHA512);
	char text[DIGEST_TEXT_SIZE];

	digest_update(d, "a", 1);
	digest_update(d, "", 0);
	digest_update(d, "bc", 2);
	digest_final(d, text);
	assert_string_equal(text, ABC_512);
}

static void two_hashes_may_run_at_once(void **state UNUSED)
{
	auto_(digest) struct digest *a = digest_new(DIGEST_SHA256);
	auto_(digest) struct digest *b = digest_new(DIGEST_SHA256);
	char text[DIGEST_TEXT_SIZE];

	digest_update(a, "ab", 2);
	digest_final(b, text);
	assert_string_equal(text, EMPTY_256);
	digest_update(a, "c", 1);
	digest_final(a, text);
	assert_string_equal(text, ABC_256);
	digest_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts_have_their_published_digests),
		cmocka_unit_test(pieces_hash_like_the_whole),
		cmocka_unit_test(two_hashes_may_run_at_once),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
