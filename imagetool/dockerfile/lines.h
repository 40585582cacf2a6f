/* SPDX-License-Identifier: Apache-2.0 */
/* Physical lines of a Dockerfile, and the logical ones they make. */
#ifndef IMAGETOOL_DOCKERFILE_LINES_H
#define IMAGETOOL_DOCKERFILE_LINES_H

#include "imagetool/dockerfile/dockerfile.h"
#include "libutil/strbuf.h"

struct line_reader {
	const char *text; /* not owned, no NUL at its end */
	size_t len, at;
	unsigned line; /* lines read so far */
	char escape;
};

struct span {
	const char *p;
	size_t len;
};

struct logical_line {
	struct strbuf text; /* joined, without comments and leading blanks */
	unsigned first_line, last_line;
	size_t begin, end; /* bytes of the file */
	bool empty_continuation;
	struct strbuf comment; /* lines of the comment right above, without '#' */
};
void logical_line_done(struct logical_line *l);
AUTO_DEFINE_DONE(logical_line, logical_line_done)

/* The next physical line without its end (LF, CR LF); false at the end of the file. */
bool line_next(struct line_reader *r, struct span *ret);
/* The next one that holds something; 1, or 0 at the end of the file.  `l` is zeroed. */
int logical_next(struct line_reader *r, struct logical_line *l, struct err *e);

bool is_blank(char c);
struct span span_trim_left(struct span s);
struct span span_trim(struct span s);
bool span_is_comment(struct span s);

#endif
