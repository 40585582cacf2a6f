/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/sign/base64.h"

#include <errno.h>

#include "libutil/alloc.h"

/* Not OpenSSL's decoder: it skips blanks and takes bits behind the end, and then one signature has
 * several texts. */
static int value_of(char c, enum base64_kind kind)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (kind == BASE64_URL ? '-' : '+'))
		return 62;
	return c == (kind == BASE64_URL ? '_' : '/') ? 63 : -1;
}

/* The length without padding, or -1. */
static ssize_t unpadded(const char *text, size_t len, enum base64_kind kind)
{
	size_t n = len;

	if (kind == BASE64_URL)
		return n % 4 == 1 ? -1 : (ssize_t)n;
	if (n % 4 != 0)
		return -1;
	for (int i = 0; i < 2 && n && text[n - 1] == '='; i++)
		n--;
	return (ssize_t)n;
}

int base64_decode(const char *what, const char *text, size_t len, enum base64_kind kind,
		  struct sign_bytes *ret, struct err *e)
{
	auto_(sign_bytes) struct sign_bytes out = { 0 };
	ssize_t n = unpadded(text, len, kind);
	unsigned bits = 0, have = 0;

	if (n < 0)
		return err_set(e, EBADMSG, "%s: no base64, its length is wrong", what);
	out.data = xcalloc((size_t)n + 1, 1);
	for (ssize_t i = 0; i < n; i++) {
		int v = value_of(text[i], kind);

		if (v < 0)
			return err_set(e, EBADMSG, "%s: no base64 at byte %zd", what, i);
		bits = bits << 6 | (unsigned)v;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		out.data[out.len++] = (unsigned char)(bits >> have);
		bits &= (1u << have) - 1;
	}
	if (bits)
		return err_set(e, EBADMSG, "%s: no base64, bits are left over", what);
	*ret = out;
	out.data = NULL;
	return 0;
}
