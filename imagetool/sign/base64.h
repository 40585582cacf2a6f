/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as signatures use it, read: strict, with the usual alphabet or that of URLs. */
#ifndef IMAGETOOL_SIGN_BASE64_H
#define IMAGETOOL_SIGN_BASE64_H

#include "libutil/alloc.h"
#include "libutil/err.h"

struct sign_bytes {
	unsigned char *data; /* owned; one NUL behind */
	size_t len;
};
static inline void sign_bytes_done(struct sign_bytes *b)
{
	free(b->data);
}
AUTO_DEFINE_DONE(sign_bytes, sign_bytes_done)

enum base64_kind {
	BASE64_STANDARD, /* padded */
	BASE64_URL,      /* not padded */
};

/* `what` names it in messages.  Blanks, wrong padding and stray bits are refused. */
int base64_decode(const char *what, const char *text, size_t len, enum base64_kind kind,
		  struct sign_bytes *ret, struct err *e);

#endif
