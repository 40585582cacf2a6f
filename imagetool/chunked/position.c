/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/chunked/position.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "imagetool/store/descriptor.h"
#include "libutil/macro.h"

static const char *const prefixes[] = { CHUNKED_KEY, CHUNKED_KEY_OLD };

static const char *annotation(const struct image_descriptor *layer, const char *name)
{
	const char *found = "";
	char key[64];

	for (size_t i = 0; i < ARRAY_LEN(prefixes) && !*found; i++) {
		(void)snprintf(key, sizeof(key), "%s%s", prefixes[i], name);
		found = descriptor_annotation(layer, key);
	}
	return found;
}

/* Decimal digits up to `end`; NULL when there are none, or it is more than any blob has. */
static const char *read_number(const char *p, char end, int64_t *ret)
{
	const char *start = p;
	int64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, (int64_t)10, &n) ||
		    __builtin_add_overflow(n, (int64_t)(*p - '0'), &n))
			return NULL;
	if (p == start || *p != end)
		return NULL;
	*ret = n;
	return end ? p + 1 : p;
}

int chunked_position_parse(const char *text, int64_t size, struct chunked_position *ret,
			   struct err *e)
{
	struct chunked_position p = { .form = CHUNKED_ZSTD };
	int64_t type, end;
	const char *at = read_number(text, ':', &p.toc);

	at = at ? read_number(at, ':', &p.toc_len) : NULL;
	at = at ? read_number(at, ':', &p.toc_plain) : NULL;
	at = at ? read_number(at, '\0', &type) : NULL;
	if (!at)
		return err_set(e, EBADMSG, "'%.80s' is no position of a table of contents", text);
	if (type != CHUNKED_TYPE_CRFS)
		return err_set(e, ENOTSUP, "tables of contents of type %lld are not known",
			       (long long)type);
	p.tail = p.toc - CHUNKED_FRAME_HEADER;
	if (p.tail <= 0 || p.toc_len == 0 || __builtin_add_overflow(p.toc, p.toc_len, &end) ||
	    end > size)
		return err_set(e, EBADMSG, "the table of contents at '%.80s' lies outside the blob",
			       text);
	if (p.toc_plain > CHUNKED_TOC_MAX || size - p.tail > CHUNKED_TAIL_MAX)
		return err_set(e, E2BIG, "the table of contents at '%.80s' is too large", text);
	*ret = p;
	return 0;
}

static int stargz_digest(const struct image_descriptor *layer, struct chunked_position *ret,
			 struct err *e)
{
	const char *digest = descriptor_annotation(layer, STARGZ_KEY_DIGEST);

	if (!*digest)
		return 0;
	if (digest_check(digest, NULL) < 0)
		return err_set(e, EBADMSG, "'%.80s' is no digest of a table of contents", digest);
	*ret = (struct chunked_position){ .form = CHUNKED_STARGZ };
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s", digest);
	return 1;
}

int chunked_position(const struct image_descriptor *layer, struct chunked_position *ret,
		     struct err *e)
{
	const char *position = annotation(layer, CHUNKED_KEY_POSITION);
	const char *checksum = annotation(layer, CHUNKED_KEY_CHECKSUM);
	struct chunked_position p = { 0 };
	int r;

	if (!layer->size.set)
		return 0;
	if (!*position || !*checksum)
		return stargz_digest(layer, ret, e);
	if (digest_check(checksum, NULL) < 0)
		return err_set(e, EBADMSG, "'%.80s' is no digest of a table of contents", checksum);
	r = chunked_position_parse(position, layer->size.v, &p, e);
	if (r < 0)
		return r;
	(void)snprintf(p.digest, sizeof(p.digest), "%s", checksum);
	*ret = p;
	return 1;
}
