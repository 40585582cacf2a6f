/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: the usual alphabet, padded. */
#ifndef LIBUTIL_BASE64_H
#define LIBUTIL_BASE64_H

#include "libutil/strbuf.h"

void base64_add(struct strbuf *out, const void *data, size_t len);

#endif
