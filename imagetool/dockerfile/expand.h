/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of an instruction to what they mean: quotes and escapes go, variables come.
 *
 *     $name ${name} ${name:-w} ${name-w} ${name:+w} ${name+w} ${name:?w} ${name?w}
 *     ${name#p} ${name##p} ${name%p} ${name%%p} ${name/p/w} ${name//p/w}
 *
 * A variable that is not set counts as empty.
 */
#ifndef IMAGETOOL_DOCKERFILE_EXPAND_H
#define IMAGETOOL_DOCKERFILE_EXPAND_H

#include "libutil/strbuf.h"
#include "libutil/strv.h"

#define EXPAND_MAX         ((size_t)4 << 20)  /* bytes of a result */
#define EXPAND_PATTERN_MAX ((size_t)64 << 10) /* bytes of a value that is searched by pattern */
#define EXPAND_STAR_MAX    ((size_t)8 << 10)  /* the same, when a match can be of any length */
#define EXPAND_DEPTH_MAX   32                 /* braces in braces */

struct expand {
	/* The value, or NULL when it is not set. */
	const char *(*get)(void *ctx, const char *name);
	/* Told about plain uses of what is not set; may be NULL. */
	void (*unset)(void *ctx, const char *name);
	void *ctx;
	char escape;
	bool keep_quotes; /* the text of a here-document: quotes mean nothing */
	bool show_quotes; /* they mean what they do, and stay */
	bool keep_unset;  /* what is not set stays as written */
	bool literal;     /* nothing means anything */
};

/* To one text. */
int expand_text(const struct expand *x, const char *word, struct strbuf *ret, struct err *e);
/* To any number of words: blanks outside quotes separate, those of values too. */
int expand_words(const struct expand *x, const char *text, struct strv *ret, struct err *e);

#endif
