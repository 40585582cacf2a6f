/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/cdi/name.h"

#include <errno.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

static bool is_word(const char *s, size_t len, const char *between)
{
	if (!len || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && !strchr(between, s[i]))
			return false;
	return true;
}

static int check_part(const char *what, const char *s, size_t len, struct err *e)
{
	if (len && is_letter(*s) && is_word(s, len, "_-."))
		return 0;
	return err_set(
		e, EINVAL,
		"the %s '%.*s' has to begin with a letter, end with a letter or digit, and have "
		"only these, '_', '-' and '.' between them",
		what, (int)(len < 80 ? len : 80), s);
}

static int check_kind(const char *text, size_t len, struct err *e)
{
	const char *slash = memchr(text, '/', len);
	int r;

	if (len > CDI_NAME_MAX)
		return err_set(e, ENAMETOOLONG, "a name of more than %d characters", CDI_NAME_MAX);
	if (!slash)
		return err_set(e, EINVAL, "'%.*s' is not VENDOR/CLASS", (int)(len < 80 ? len : 80),
			       text);
	r = check_part("vendor", text, (size_t)(slash - text), e);
	return r < 0 ? r : check_part("class", slash + 1, len - (size_t)(slash + 1 - text), e);
}

int cdi_kind_check(const char *text, struct err *e)
{
	return check_kind(text, strlen(text), e);
}

int cdi_device_name_check(const char *text, struct err *e)
{
	size_t len = strlen(text);

	if (len > CDI_NAME_MAX)
		return err_set(e, ENAMETOOLONG, "a name of more than %d characters", CDI_NAME_MAX);
	if (is_word(text, len, "_-.:"))
		return 0;
	return err_set(e, EINVAL,
		       "the device's name '%.80s' has to begin and end with a letter or digit, and "
		       "have only these, '_', '-', '.' and ':' between them",
		       text);
}

int cdi_name_check(const char *text, struct err *e)
{
	size_t kind = strcspn(text, "=");
	int r;

	if (!text[kind])
		return err_set(e, EINVAL, "'%.80s' is not VENDOR/CLASS=NAME", text);
	r = check_kind(text, kind, e);
	return r < 0 ? r : cdi_device_name_check(text + kind + 1, e);
}

bool cdi_looks_like_name(const char *text)
{
	return text[0] != '/' && strchr(text, '=');
}
