/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/suggest.h"

#include <stddef.h>
#include <string.h>

#include "libutil/macro.h"

/* Longer words are no slips of a verb or an option. */
#define WORD_MAX 48

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][WORD_MAX + 1];

	for (unsigned k = 0; k <= nb; k++)
		rows[0][k] = k;
	for (unsigned i = 1; i <= na; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

		now[0] = i;
		for (unsigned k = 1; k <= nb; k++) {
			now[k] = min3(above[k] + 1, now[k - 1] + 1,
				      above[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
			    two_above[k - 2] + 1 < now[k])
				now[k] = two_above[k - 2] + 1;
		}
	}
	return rows[na % 3][nb];
}

void suggest_try(struct suggest *s, const char *known)
{
	size_t typed_len = strlen(s->typed), known_len = strlen(known);
	unsigned d;

	if (!typed_len || typed_len > WORD_MAX || known_len > WORD_MAX)
		return;
	d = distance(s->typed, typed_len, known, known_len);
	/* Half a word ("comm" for "commit") is as good as one slip. */
	if (typed_len >= 3 && starts_with(known, s->typed))
		d = 1;
	if (d > 1 + known_len / 4 || d >= known_len)
		return;
	if (!s->best || d < s->distance) {
		s->best = known;
		s->distance = d;
	}
}
