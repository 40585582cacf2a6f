/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the reader of TOML share. */
#ifndef LIBUTIL_TOML_INTERNAL_H
#define LIBUTIL_TOML_INTERNAL_H

#include "libutil/strbuf.h"
#include "libutil/toml.h"

struct toml_reader {
	const char *at, *end;
	int line;
	int depth;
	size_t values;
	struct arena *arena;
	struct err *e;
};

/* The next byte; '\n' at the end, where a line ends as well. */
static inline char toml_peek(const struct toml_reader *r)
{
	return r->at < r->end ? *r->at : '\n';
}

static inline bool toml_is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* "WHAT, not 'what stands here'".  Never returns 0. */
int toml_refuse(const struct toml_reader *r, const char *what);
/* At a quote.  One line only, or also the kinds with three quotes. */
int toml_read_string(struct toml_reader *r, bool lines, struct strbuf *out);
/* Anything that is neither string, array nor table. */
int toml_read_word(struct toml_reader *r, struct toml *v);

#endif
