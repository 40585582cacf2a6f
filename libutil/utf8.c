/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/utf8.h"

#include <stdint.h>
#include <string.h>

/* Allowed range of the second byte; the others are 80..BF always. */
struct lead {
	uint8_t first, last; /* of the lead byte */
	uint8_t low, high;   /* of the second */
	uint8_t length;
};

static const struct lead leads[] = {
	{ 0xC2, 0xDF, 0x80, 0xBF, 2 },
	{ 0xE0, 0xE0, 0xA0, 0xBF, 3 }, /* below A0: overlong */
	{ 0xE1, 0xEC, 0x80, 0xBF, 3 },
	{ 0xED, 0xED, 0x80, 0x9F, 3 }, /* above 9F: surrogates */
	{ 0xEE, 0xEF, 0x80, 0xBF, 3 },
	{ 0xF0, 0xF0, 0x90, 0xBF, 4 }, /* below 90: overlong */
	{ 0xF1, 0xF3, 0x80, 0xBF, 4 },
	{ 0xF4, 0xF4, 0x80, 0x8F, 4 }, /* above 8F: beyond U+10FFFF */
};

static const struct lead *find_lead(uint8_t byte)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (byte >= leads[i].first && byte <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8_length(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	const struct lead *lead;

	if (!len)
		return 0;
	if (p[0] < 0x80)
		return 1;
	lead = find_lead(p[0]);
	if (!lead || len < lead->length || p[1] < lead->low || p[1] > lead->high)
		return 0;
	for (size_t i = 2; i < lead->length; i++)
		if (p[i] < 0x80 || p[i] > 0xBF)
			return 0;
	return lead->length;
}

size_t utf8_span(const char *s, size_t len)
{
	const uint64_t high_bits = UINT64_C(0x8080808080808080);
	size_t at = 0, n;
	uint64_t word;

	while (at < len) {
		/* Documents are nearly all ASCII: eight bytes at a time. */
		if (len - at >= sizeof(word)) {
			memcpy(&word, s + at, sizeof(word));
			if (!(word & high_bits)) {
				at += sizeof(word);
				continue;
			}
		}
		n = utf8_length(s + at, len - at);
		if (!n)
			return at;
		at += n;
	}
	return at;
}
