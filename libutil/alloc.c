/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One write and no stdio: there may be no memory for a stream either. */
static NORETURN void die(void)
{
	static const char text[] = "out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(127);
	abort();
}

void *xcalloc(size_t n, size_t size)
{
	/* calloc(0) may give NULL; the caller was promised memory. */
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die();
	return p;
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	void *grown = reallocarray(p, n ? n : 1, size ? size : 1);

	if (!grown)
		die();
	return grown;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	char *copy = strndup(s, n);

	if (!copy)
		die();
	return copy;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		die();
	return text;
}

char *xasprintf(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return text;
}
