/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/csv.h"

#include <string.h>

static const char *plain_word(const char *p, struct strbuf *ret)
{
	size_t len = strcspn(p, ",");

	if (memchr(p, '"', len))
		return NULL;
	strbuf_add(ret, p, len);
	return p + len;
}

static const char *quoted_word(const char *p, struct strbuf *ret)
{
	for (p++; *p != '"' || p[1] == '"'; p++) {
		if (!*p)
			return NULL;
		p += *p == '"';
		strbuf_addc(ret, *p);
	}
	return p + 1;
}

bool csv_next(const char **at, struct strbuf *ret)
{
	const char *end;

	strbuf_truncate(ret, 0);
	end = **at == '"' ? quoted_word(*at, ret) : plain_word(*at, ret);
	if (!end || (*end && *end != ','))
		return false;
	*at = *end ? end + 1 : end;
	return true;
}
