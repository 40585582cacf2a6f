/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libutil/macro.h"

static void check(const char *text, size_t len, const char *want)
{
	char got[SHA256_TEXT_SIZE];

	sha256_hex(text, len, got);
	assert_string_equal(got, want);
}

/* The examples of FIPS 180-4. */
static void the_standards_examples_come_out(void **state UNUSED)
{
	check(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
	      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void lengths_around_a_block_come_out(void **state UNUSED)
{
	static const struct {
		size_t len;
		const char *want;
	} rows[] = {
		{ 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
		{ 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34" },
		{ 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
		{ 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0" },
		{ 120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c" },
	};
	char text[128];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(text, rows[i].len, rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_examples_come_out),
		cmocka_unit_test(lengths_around_a_block_come_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
