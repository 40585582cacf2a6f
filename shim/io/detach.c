/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/io/detach.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "libutil/strv.h"

/* One key: a single character, or "ctrl-" and one of @ a-z [ \ ] ^ _ (0 .. 31). */
static int parse_key(const char *text, char *ret)
{
	int c;

	if (strlen(text) == 1) {
		*ret = text[0];
		return 0;
	}
	if (!starts_with(text, "ctrl-") || strlen(text) != 6)
		return -EINVAL;
	c = toupper((unsigned char)text[5]);
	if (c < '@' || c > '_')
		return -EINVAL;
	*ret = (char)(c - '@');
	return 0;
}

int detach_parse(struct detach *d, const char *text, struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	struct detach parsed = { 0 };

	if (*text)
		strv_split(&words, text, ',', false);
	if (words.n > DETACH_KEYS_MAX)
		return err_set(e, EINVAL, "detach keys '%s': more than %d keys", text,
			       DETACH_KEYS_MAX);
	for (; parsed.n < words.n; parsed.n++)
		if (parse_key(words.v[parsed.n], &parsed.keys[parsed.n]) < 0)
			return err_set(e, EINVAL,
				       "detach keys '%s': '%s' is neither a character nor ctrl-X",
				       text, words.v[parsed.n]);
	*d = parsed;
	return 0;
}

/* After a mismatch at `c`: the longest shorter match that the held bytes and `c` still allow. */
static void fall_back(struct detach *d, char c, char *out, size_t *n)
{
	char seen[DETACH_KEYS_MAX + 1];
	size_t len = d->held;
	size_t from;

	memcpy(seen, d->keys, len);
	seen[len++] = c;
	for (from = 1; from < len; from++)
		if (memcmp(seen + from, d->keys, len - from) == 0)
			break;
	memcpy(out + *n, seen, from);
	*n += from;
	d->held = len - from;
}

bool detach_feed(struct detach *d, const char *in, size_t len, char *out, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (d->n == 0)
			out[n++] = in[i];
		else if (in[i] == d->keys[d->held])
			d->held++;
		else
			fall_back(d, in[i], out, &n);
		if (d->n && d->held == d->n) {
			d->held = 0;
			*ret_len = n;
			return true;
		}
	}
	*ret_len = n;
	return false;
}
