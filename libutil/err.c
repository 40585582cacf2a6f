/* SPDX-License-Identifier: Apache-2.0 */
#define ERR_IMPLEMENTATION
#include "libutil/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define CUT_MARK "..."

/* The C-locale text: a message must not depend on the user's language, nor load a catalogue. */
static const char *reason(int code)
{
	const char *text = strerrordesc_np(code);

	return text ? text : "unknown error";
}

/* Append to buf[*len]; a text that does not fit ends in CUT_MARK. */
static void PRINTF(3, 0) append(char buf[static sizeof(((struct err *)0)->msg)], size_t *len,
				const char *fmt, va_list ap)
{
	const size_t size = sizeof(((struct err *)0)->msg);
	int n = vsnprintf(buf + *len, size - *len, fmt, ap);

	if (n < 0)
		return;
	if ((size_t)n < size - *len) {
		*len += (size_t)n;
		return;
	}
	memcpy(buf + size - sizeof(CUT_MARK), CUT_MARK, sizeof(CUT_MARK));
	*len = size - 1;
}

static void PRINTF(3, 4)
	appendf(char buf[static sizeof(((struct err *)0)->msg)], size_t *len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(buf, len, fmt, ap);
	va_end(ap);
}

/* Texts are built aside, for an argument may be e->msg itself. */
static void keep(struct err *e, int code, const struct err *built, size_t len)
{
	e->code = code;
	memcpy(e->msg, built->msg, len + 1);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	struct err built = { 0 };
	size_t len = 0;
	va_list ap;

	assert(code > 0);
	if (!e)
		return -code;
	va_start(ap, fmt);
	append(built.msg, &len, fmt, ap);
	va_end(ap);
	keep(e, code, &built, len);
	return -code;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	/* A call that failed without saying why must not turn into a success. */
	int code = errno > 0 ? errno : EIO;
	struct err built = { 0 };
	size_t len = 0;
	va_list ap;

	if (!e)
		return -code;
	va_start(ap, fmt);
	append(built.msg, &len, fmt, ap);
	va_end(ap);
	appendf(built.msg, &len, ": %s", reason(code));
	keep(e, code, &built, len);
	return -code;
}

int err_wrap(struct err *e, int r, const char *fmt, ...)
{
	struct err built = { 0 };
	size_t len = 0;
	va_list ap;

	if (!e)
		return r;
	va_start(ap, fmt);
	append(built.msg, &len, fmt, ap);
	va_end(ap);
	/* A callee that recorded nothing still left its errno in r. */
	appendf(built.msg, &len, ": %s", e->code ? e->msg : reason(-r));
	keep(e, e->code ? e->code : -r, &built, len);
	return r;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = 0;
	e->msg[0] = '\0';
}
