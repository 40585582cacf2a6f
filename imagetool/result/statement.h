/* SPDX-License-Identifier: Apache-2.0 */
/* A statement in the words of in-toto: what is said, and of what. */
#ifndef IMAGETOOL_RESULT_STATEMENT_H
#define IMAGETOOL_RESULT_STATEMENT_H

#include "imagetool/result/result.h"
#include "libutil/json.h"

struct statement_subject {
	const char *name;
	const char *digest; /* "sha256:..." */
};

void statement_write(const struct result_statement *s, const struct statement_subject *subjects,
		     size_t n, struct json_writer *w);

#endif
