/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/raw.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"

static void refused(const char *text, const char *words)
{
	struct sock_filter *v = NULL;
	struct err e = { 0 };
	size_t n = 0;

	assert_int_equal(seccomp_raw_decode(text, &v, &n, &e), -EINVAL);
	assert_string_equal(e.msg, words);
	assert_null(v);
}

static void eight_bytes_are_an_instruction(void **state UNUSED)
{
	struct sock_filter *v = NULL;
	size_t n = 0;

	/* { code 6, jt 1, jf 2, k 0x7fff0000 } and one more, all zero. */
	assert_int_equal(seccomp_raw_decode("BgABAgAA/38AAAAAAAAAAA==", &v, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].code, 6);
	assert_int_equal(v[0].jt, 1);
	assert_int_equal(v[0].jf, 2);
	assert_int_equal(v[0].k, 0x7fff0000);
	assert_int_equal(v[1].code, 0);
	free(v);
}

static void other_text_is_refused(void **state UNUSED)
{
	refused("", "0 characters are not the base64 of 1 to 4096 instructions");
	refused("BgA", "3 characters are not the base64 of 1 to 4096 instructions");
	refused("Bg==AAAA", "it is not base64");
	refused("BgAB!gAA", "it is not base64");
	refused("Bh==", "it is not base64");
	refused("====", "it is not base64");
	refused("BgABAgAA", "6 bytes are not 1 to 4096 instructions of 8 bytes each");
}

static void more_than_the_kernel_takes_is_refused_before_it_is_decoded(void **state UNUSED)
{
	size_t len = (size_t)BPF_MAXINSNS * 8 / 3 * 4 + 8;
	autofree char *text = xcalloc(len + 1, 1);
	struct sock_filter *v = NULL;
	size_t n = 0;

	memset(text, 'A', len);
	assert_int_equal(seccomp_raw_decode(text, &v, &n, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_bytes_are_an_instruction),
		cmocka_unit_test(other_text_is_refused),
		cmocka_unit_test(more_than_the_kernel_takes_is_refused_before_it_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
