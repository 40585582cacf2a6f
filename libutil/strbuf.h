/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable text with a hard maximum.  Always NUL-terminated once something was
 * added.  Going over the maximum marks the buffer as failed, adds nothing, and
 * is reported by strbuf_check(); so a chain of adds needs one check.
 */
#ifndef LIBUTIL_STRBUF_H
#define LIBUTIL_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "libutil/cleanup.h"
#include "libutil/err.h"

/* The maximum when strbuf.max is 0. */
#define STRBUF_DEFAULT_MAX ((size_t)16 << 20)

struct strbuf {
	char *data; /* owned; NULL while empty */
	size_t len; /* without the NUL */
	size_t cap;
	size_t max; /* bytes; 0 means STRBUF_DEFAULT_MAX */
	bool failed;
};

void strbuf_done(struct strbuf *b);
AUTO_DEFINE_DONE(strbuf, strbuf_done)

void strbuf_add(struct strbuf *b, const void *data, size_t len);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) PRINTF(2, 3);
void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap) PRINTF(2, 0);

/* Text from outside for a terminal or a line: control characters, also those of U+0080 to U+009F,
 * become \n, \t or \xNN, but for those in `keep`. */
void strbuf_add_printable(struct strbuf *b, const char *s, size_t len, const char *keep);

/* Make room for `extra` more bytes and return where they go; NULL when over the maximum. */
char *strbuf_reserve(struct strbuf *b, size_t extra);
/* Say that `len` bytes were written where strbuf_reserve() pointed. */
void strbuf_commit(struct strbuf *b, size_t len);

/* Cut to `len` bytes; `len` must not exceed b->len. */
void strbuf_truncate(struct strbuf *b, size_t len);
/* Drop the first `len` bytes. */
void strbuf_consume(struct strbuf *b, size_t len);

/* The text, "" while empty; never NULL; owned by the buffer. */
const char *strbuf_str(const struct strbuf *b);
/* Hand the text over to the caller and become empty. */
char *strbuf_steal(struct strbuf *b);

/* 0, or -EMSGSIZE when something did not fit; `what` names the content. */
int strbuf_check(const struct strbuf *b, const char *what, struct err *e);

#endif
