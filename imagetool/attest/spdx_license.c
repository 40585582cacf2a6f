/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/spdx_license.h"

#include <stdlib.h>
#include <strings.h>

#include "imagetool/attest/spdx_ids.h"
#include "libutil/digest.h"
#include "libutil/macro.h"

#define LETTERS_AND_DIGITS                                                                         \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"0123456789"
#define ID_CHARS LETTERS_AND_DIGITS "-."
#define WORD_MAX 64
#define REF_MAX  48 /* bytes of the text in a name */

static int compare(const void *key, const void *item)
{
	return strcasecmp(key, *(const char *const *)item);
}

static bool is_license(char *word)
{
	size_t len = strlen(word);

	if (len && word[len - 1] == '+')
		word[len - 1] = '\0';
	return bsearch(word, spdx_licenses, ARRAY_LEN(spdx_licenses), sizeof(*spdx_licenses),
		       compare);
}

static bool is_exception(const char *word)
{
	return bsearch(word, spdx_exceptions, ARRAY_LEN(spdx_exceptions), sizeof(*spdx_exceptions),
		       compare);
}

/* ---- Expressions ---- */

/* What may come next. */
enum state { WANT_LICENSE, HAVE_LICENSE, WANT_EXCEPTION, HAVE_EXCEPTION };

static bool take_word(enum state *state, char *word)
{
	bool done = *state == HAVE_LICENSE || *state == HAVE_EXCEPTION;
	bool good = true;

	if (done && (streq(word, "AND") || streq(word, "OR"))) {
		*state = WANT_LICENSE;
	} else if (*state == HAVE_LICENSE && streq(word, "WITH")) {
		*state = WANT_EXCEPTION;
	} else if (*state == WANT_LICENSE) {
		good = is_license(word);
		*state = HAVE_LICENSE;
	} else {
		good = *state == WANT_EXCEPTION && is_exception(word);
		*state = HAVE_EXCEPTION;
	}
	return good;
}

/* Behind a closing one there is no exception. */
static bool take_parenthesis(enum state *state, char c, unsigned *depth)
{
	if (c == '(') {
		++*depth;
		return *state == WANT_LICENSE;
	}
	if (*depth == 0 || *state == WANT_LICENSE || *state == WANT_EXCEPTION)
		return false;
	--*depth;
	*state = HAVE_EXCEPTION;
	return true;
}

bool spdx_is_expression(const char *text)
{
	enum state state = WANT_LICENSE;
	unsigned depth = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t len = strspn(text, ID_CHARS "+");
		char word[WORD_MAX];

		if (*text == '(' || *text == ')') {
			if (!take_parenthesis(&state, *text++, &depth))
				return false;
			continue;
		}
		if (len == 0 || len >= sizeof(word))
			return false;
		memcpy(word, text, len);
		word[len] = '\0';
		if (!take_word(&state, word))
			return false;
		text += len;
	}
	return depth == 0 && (state == HAVE_LICENSE || state == HAVE_EXCEPTION);
}

/* ---- Others ---- */

bool spdx_says_something(const char *text)
{
	static const char *const nothing[] = { "UNKNOWN", "NONE", "NOASSERTION", "(none)" };

	for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
		if (strcasecmp(text, nothing[i]) == 0)
			return false;
	return text[strspn(text, " \t")] != '\0';
}

/* What a name can't hold makes it end in the beginning of the text's digest. */
void spdx_license_ref(const char *text, struct strbuf *out)
{
	size_t len = strlen(text);
	char digest[DIGEST_TEXT_SIZE];

	strbuf_adds(out, "LicenseRef-");
	for (size_t i = 0; i < len && i < REF_MAX; i++)
		strbuf_addc(out, strchr(ID_CHARS, text[i]) ? text[i] : '-');
	if (len <= REF_MAX && strspn(text, ID_CHARS) == len)
		return;
	digest_of(DIGEST_SHA256, text, len, digest);
	strbuf_addf(out, "-%.12s", strchr(digest, ':') + 1);
}
