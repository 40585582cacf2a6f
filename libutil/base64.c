/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/base64.h"

#include <stdint.h>

void base64_add(struct strbuf *out, const void *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t bits = 0;

		for (size_t n = 0; n < 3; n++)
			bits = bits << 8 | (n < have ? bytes[i + n] : 0U);
		for (size_t n = 0; n < 4; n++)
			strbuf_addc(out, n <= have ? digits[bits >> (18 - 6 * n) & 63] : '=');
	}
}
