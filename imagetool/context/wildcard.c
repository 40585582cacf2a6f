/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/context/wildcard.h"

#include <string.h>

#include "libutil/strbuf.h"

static bool has_wildcard(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			i++;
		else if (strchr("*?[", text[i]))
			return true;
	}
	return false;
}

size_t wildcard_plain_part(const char *path)
{
	size_t at = 0;

	while (path[at]) {
		size_t len = strcspn(path + at, "/");

		if (has_wildcard(path + at, len))
			break;
		at += len;
		at += path[at] == '/';
	}
	return at;
}

/* filepath.Match knows no "**": there it is '*' twice, which is '*'. */
static void add_pattern(struct strbuf *out, const char *text)
{
	bool class = false;

	for (; *text; text++) {
		if (*text == '\\' && text[1]) {
			strbuf_add(out, text++, 2);
			continue;
		}
		if (class)
			class = *text != ']';
		else if (*text == '[')
			class = true;
		else if (*text == '*' && text[1] == '*')
			continue;
		strbuf_addc(out, *text);
	}
}

int wildcard_compile(const char *text, struct arena *a, struct pattern **ret, size_t *ret_depth,
		     struct err *e)
{
	auto_(strbuf) struct strbuf pattern = { 0 };
	size_t depth = 1;

	add_pattern(&pattern, text);
	for (; *text; text++)
		depth += *text == '/';
	if (ret_depth)
		*ret_depth = depth;
	return pattern_compile(strbuf_str(&pattern), a, ret, e);
}
