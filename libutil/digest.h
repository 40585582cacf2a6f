/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming SHA-256/SHA-512 over OpenSSL.  Lives in libutil_crypto.a, apart from libutil.a, so that
 * programs that hash nothing do not link libcrypto.  Threads may hash at once, each its own.
 */
#ifndef LIBUTIL_DIGEST_H
#define LIBUTIL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/cleanup.h"

enum digest_alg { DIGEST_SHA256, DIGEST_SHA512 };

#define DIGEST_MAX_BYTES 64
/* "sha512:" + 128 hex digits + NUL */
#define DIGEST_TEXT_SIZE 136

struct digest; /* opaque: one running hash */

struct digest *digest_new(enum digest_alg alg);
void digest_free(struct digest *d);
AUTO_DEFINE(digest, digest_free)
void digest_update(struct digest *d, const void *data, size_t len);
/* Ends the hash and writes "sha256:<hex>"; only digest_free() may follow. */
void digest_final(struct digest *d, char text[DIGEST_TEXT_SIZE]);
/* The same as bytes: 32 for SHA-256, 64 for SHA-512. */
void digest_final_bytes(struct digest *d, uint8_t *ret);
/* One call for small things. */
void digest_of(enum digest_alg alg, const void *data, size_t len, char text[DIGEST_TEXT_SIZE]);
void digest_bytes_of(enum digest_alg alg, const void *data, size_t len, uint8_t *ret);

#endif
