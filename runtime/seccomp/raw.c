/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/raw.h"

#include <errno.h>
#include <stdint.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"

/* RFC 4648, section 4. */
static int digit(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Four characters are up to three bytes.  Returns how many, or -1. */
static int decode_group(const char in[4], unsigned char out[3])
{
	int pad = in[3] == '=' ? (in[2] == '=' ? 2 : 1) : 0;
	uint32_t bits = 0;

	for (int i = 0; i < 4; i++) {
		int d = i >= 4 - pad ? 0 : digit(in[i]);

		if (d < 0)
			return -1;
		bits = bits << 6 | (uint32_t)d;
	}
	/* Bits that no byte takes must be none: one text for one program. */
	if ((pad == 1 && bits & 0xff) || (pad == 2 && bits & 0xffff))
		return -1;
	for (int i = 0; i < 3; i++)
		out[i] = (unsigned char)(bits >> (16 - 8 * i));
	return 3 - pad;
}

static int decode(const char *text, size_t len, unsigned char *out, size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i += 4) {
		unsigned char bytes[3];
		int got = decode_group(text + i, bytes);

		if (got < 0 || (got < 3 && i + 4 < len))
			return -EINVAL;
		memcpy(out + n, bytes, (size_t)got);
		n += (size_t)got;
	}
	*ret_n = n;
	return 0;
}

int seccomp_raw_decode(const char *text, struct sock_filter **ret, size_t *ret_n, struct err *e)
{
	const size_t max = BPF_MAXINSNS * sizeof(**ret);
	size_t len = strlen(text);
	autofree struct sock_filter *v = NULL;
	size_t n = 0;

	if (len == 0 || len % 4 || len / 4 * 3 > max + 2)
		return err_set(e, EINVAL,
			       "%zu characters are not the base64 of 1 to %d instructions", len,
			       BPF_MAXINSNS);
	v = xcalloc(len / 4 * 3 / sizeof(*v) + 1, sizeof(*v));
	if (decode(text, len, (unsigned char *)v, &n) < 0)
		return err_set(e, EINVAL, "it is not base64");
	if (n % sizeof(*v) || n == 0 || n > max)
		return err_set(e, EINVAL,
			       "%zu bytes are not 1 to %d instructions of %zu bytes each", n,
			       BPF_MAXINSNS, sizeof(*v));
	*ret = steal_ptr(&v);
	*ret_n = n / sizeof(**ret);
	return 0;
}
