/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/notify_filter.h"

#include <string.h>

#include "libutil/macro.h"

/* A name that ends in '=' stands for any value. */
static const char *const passing[] = {
	"READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1",      "WATCHDOG=trigger",
	"STATUS=", "ERRNO=",      "BUSERROR=",  "MONOTONIC_USEC=",
};

static bool matches(const char *line, size_t len, const char *rule)
{
	size_t n = strlen(rule);

	if (rule[n - 1] == '=')
		return len >= n && memcmp(line, rule, n) == 0;
	return len == n && memcmp(line, rule, n) == 0;
}

static bool passes(const char *line, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (matches(line, len, passing[i]))
			return true;
	return false;
}

static size_t line_length(const char *line, size_t len)
{
	size_t n = 0;

	/* A NUL ends the line for readers in C. */
	while (n < len && line[n] != '\n' && line[n] != '\r' && line[n] != '\0')
		n++;
	return n;
}

size_t notify_filter(char *text, size_t len)
{
	size_t kept = 0, at = 0;

	while (at < len) {
		size_t n = line_length(text + at, len - at);

		if (passes(text + at, n)) {
			if (kept > 0)
				text[kept++] = '\n';
			memmove(text + kept, text + at, n);
			kept += n;
		}
		at += n + 1;
	}
	return kept;
}
