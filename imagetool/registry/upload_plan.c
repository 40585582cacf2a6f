/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <strings.h>

#include "imagetool/registry/upload_internal.h"
#include "libutil/alloc.h"
#include "libutil/parse.h"

int upload_range(const char *range, int64_t *ret)
{
	autofree char *first = NULL;
	int64_t from, until;
	const char *p = range;

	if (!p)
		return -EINVAL;
	if (strncasecmp(p, "bytes", 5) == 0)
		p += 5 + strspn(p + 5, " \t=");
	first = xstrndup(p, strcspn(p, "-"));
	p += strlen(first);
	if (*p != '-' || parse_i64(first, &from) < 0 || parse_i64(p + 1, &until) < 0)
		return -EINVAL;
	if (from != 0 || until < 0 || until == INT64_MAX)
		return -EINVAL;
	*ret = until == 0 ? 0 : until + 1;
	return 0;
}

int64_t upload_part(int64_t left, int64_t chunk, int64_t chunk_min)
{
	int64_t part = chunk > 0 && chunk < chunk_min ? chunk_min : chunk;

	return part > 0 && part < left ? part : left;
}

int64_t upload_smaller_chunk(int64_t part, int64_t chunk_min)
{
	int64_t least = chunk_min > UPLOAD_CHUNK_MIN ? chunk_min : UPLOAD_CHUNK_MIN;
	int64_t next = part > UPLOAD_CHUNK ? UPLOAD_CHUNK : part / 4;

	if (next < least)
		next = least;
	return next < part ? next : 0;
}
