/* SPDX-License-Identifier: Apache-2.0 */
/* Who is named in an URL: "user:password@host:port" behind its "://". */
#ifndef LIBUTIL_AUTHORITY_H
#define LIBUTIL_AUTHORITY_H

#include <stddef.h>

#define AUTHORITY_ENDS "/?#"

struct authority {
	const char *user; /* up to the last '@', which others are part of; NULL: none */
	size_t user_len;
	const char *host; /* with its port */
	size_t host_len;
};

/* `text` begins behind "://", and ends at one of the characters of `ends`. */
struct authority authority_of(const char *text, const char *ends);

#endif
