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

/* A new failure: what an old one said is void. */
static void keep_new(struct err *e, int code, const struct err *built, size_t len)
{
	keep(e, code, built, len);
	e->stage[0] = '\0';
	e->tail = (unsigned short)len;
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
	keep_new(e, code, &built, len);
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
	keep_new(e, code, &built, len);
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
	if (!e->code)
		keep_new(e, -r, &built, len);
	else
		keep(e, e->code, &built, len);
	return r;
}

int err_take(struct err *e, const struct err *why)
{
	if (e)
		*e = *why;
	return -why->code;
}

void err_stage(struct err *e, const char *stage)
{
	size_t len = strlen(stage);

	if (!e || e->stage[0])
		return;
	if (len >= sizeof(e->stage))
		len = sizeof(e->stage) - 1;
	memcpy(e->stage, stage, len);
	e->stage[len] = '\0';
}

/* The first text in quotes between `from` and `to`, both inside one message. */
static bool quoted(const char *from, const char *to, char *buf, size_t size)
{
	const char *start = memchr(from, '\'', (size_t)(to - from));
	const char *end = start ? memchr(start + 1, '\'', (size_t)(to - start) - 1) : NULL;

	if (!end || (size_t)(end - start) > size)
		return false;
	memcpy(buf, start + 1, (size_t)(end - start) - 1);
	buf[end - start - 1] = '\0';
	return true;
}

/* Start of the part in front of `at`; parts end in ": ". */
static const char *part_before(const char *msg, const char *at)
{
	for (const char *p = at - 2; p > msg; p--)
		if (p[-1] == ' ' && p - msg >= 2 && p[-2] == ':')
			return p;
	return msg;
}

bool err_object(const struct err *e, char *buf, size_t size)
{
	size_t len = strlen(e->msg);
	/* A message that was cut has lost its end, and with it what `tail` points to. */
	const char *to = e->msg + len;
	const char *from = e->msg + (e->tail <= len ? len - e->tail : 0);

	while (!quoted(from, to, buf, size)) {
		if (from - e->msg < 2)
			return false;
		to = from;
		from = part_before(e->msg, from);
	}
	return true;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = 0;
	e->tail = 0;
	e->stage[0] = '\0';
	e->msg[0] = '\0';
}
