/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/dockerfile/redact.h"

#include <string.h>

#include "libutil/alloc.h"
#include "libutil/authority.h"

#define MASK "xxxxx"

/* "NAME:PASSWORD" as it may be seen; servers of repositories take a name alone for a token. */
static void add_user(struct strbuf *out, const char *user, size_t len)
{
	const char *colon = memchr(user, ':', len);

	if (len > 0 && user != colon)
		strbuf_adds(out, MASK);
	if (colon)
		strbuf_adds(out, ":" MASK);
}

void redact_text(struct strbuf *out, const char *text)
{
	const char *mark;

	while ((mark = strstr(text, "://")) != NULL) {
		struct authority a = authority_of(mark + 3, AUTHORITY_ENDS " \t\n\"'");

		strbuf_add(out, text, (size_t)(mark + 3 - text));
		if (a.user)
			add_user(out, a.user, a.user_len);
		text = a.user ? a.user + a.user_len : mark + 3;
	}
	strbuf_adds(out, text);
}

char *redact_url(const char *url)
{
	auto_(strbuf) struct strbuf out = { 0 };

	redact_text(&out, url);
	return xstrdup(strbuf_str(&out));
}
