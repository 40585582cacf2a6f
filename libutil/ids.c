/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/ids.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sys/random.h>

static bool is_first(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || c == '-';
}

int id_check(const char *id, struct err *e)
{
	size_t len = strlen(id);

	_Static_assert(NAME_MAX <= ID_MAX, "a directory is named after the id");
	if (!len)
		return err_set(e, EINVAL, "the id is empty");
	if (len > NAME_MAX)
		return err_set(e, ENAMETOOLONG, "the id has %zu bytes, %d are allowed", len,
			       NAME_MAX);
	if (id[0] == '.')
		return err_set(e, EINVAL, "id '%s' begins with a dot", id);
	for (const char *p = id; *p; p++)
		if (!is_first(*p) && *p != '.')
			return err_set(
				e, EINVAL,
				"id '%s' may only have letters, digits, '_', '+', '-' and '.'", id);
	return 0;
}

int id_random(char *buf, size_t n, struct err *e)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[128];

	assert(n <= 2 * sizeof(bytes));
	/* Up to 256 bytes come whole and uninterrupted once the pool is ready. */
	if (getrandom(bytes, (n + 1) / 2, 0) < 0)
		return err_sys(e, "get random bytes");
	for (size_t i = 0; i < n; i++)
		buf[i] = hex[i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4];
	buf[n] = '\0';
	return 0;
}
