/* SPDX-License-Identifier: Apache-2.0 */
/* Words of YAML 1.1, as Go's readers of these files take them. */
#include <errno.h>
#include <stdlib.h>

#include "imagetool/cdi/yaml.h"

#define NUMBER_MAX 66 /* characters: 64 binary digits and a prefix */

static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
static const char *const trues[] = { "true", "True", "TRUE", "yes", "Yes", "YES",
				     "on",   "On",   "ON",   "y",   "Y" };
static const char *const falses[] = { "false", "False", "FALSE", "no", "No", "NO",
				      "off",   "Off",   "OFF",   "n",  "N" };

static bool is_one_of(const char *const *words, size_t n, const char *s, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == len && !memcmp(words[i], s, len))
			return true;
	return false;
}

/* 10, -3, 0x1ff, 0o660, 0660, 0b1 */
static bool parse_integer(const char *s, size_t len, bool *ret_negative, unsigned long long *ret)
{
	char text[NUMBER_MAX + 1], *end;
	const char *digits = text;
	int base = 10;

	if (!len || len > NUMBER_MAX)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	*ret_negative = *digits == '-';
	digits += *digits == '-' || *digits == '+';
	if (*digits == '0' && digits[1]) {
		base = digits[1] == 'x' ? 16 : digits[1] == 'b' ? 2 : 8;
		digits += digits[1] == 'x' || digits[1] == 'b' || digits[1] == 'o' ? 2 : 1;
	}
	if (!*digits || digits[strspn(digits, "0123456789abcdefABCDEF")])
		return false;
	errno = 0;
	*ret = strtoull(digits, &end, base);
	return !*end && !errno && (!*ret_negative || *ret <= INT64_MAX);
}

static void write_integer(struct json_writer *w, const char *s, size_t len)
{
	unsigned long long n;
	bool negative;

	if (!parse_integer(s, len, &negative, &n))
		json_string_n(w, s, len);
	else if (negative)
		json_i64(w, -(int64_t)n);
	else
		json_u64(w, n);
}

void yaml_plain_scalar(struct json_writer *w, const char *s, size_t len, enum field_kind kind)
{
	bool is_true = is_one_of(trues, ARRAY_LEN(trues), s, len);
	bool is_switch = is_true || is_one_of(falses, ARRAY_LEN(falses), s, len);

	if (is_one_of(nulls, ARRAY_LEN(nulls), s, len))
		json_null(w);
	else if (kind == FIELD_BOOL && is_switch)
		json_bool(w, is_true);
	else if (is_switch)
		json_string(w, is_true ? "true" : "false");
	else if (kind == FIELD_I64 || kind == FIELD_U64)
		write_integer(w, s, len);
	else
		json_string_n(w, s, len);
}
