/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/digest.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/alloc.h"
#include "libutil/macro.h"

struct digest {
	EVP_MD_CTX *ctx;
	enum digest_alg alg;
};

static const char *const alg_names[] = {
	[DIGEST_SHA256] = "sha256",
	[DIGEST_SHA512] = "sha512",
};

/* Without these hashes nothing of an image can be trusted, and no caller can do without. */
static NORETURN void die(const char *what)
{
	(void)fprintf(stderr, "libcrypto: %s failed\n", what);
	abort();
}

/* Looking an algorithm up costs more than hashing a small document: once per process. */
static const EVP_MD *fetch(enum digest_alg alg)
{
	static _Atomic(EVP_MD *) fetched[ARRAY_LEN(alg_names)];
	EVP_MD *md = atomic_load(&fetched[alg]), *other = NULL;

	if (md)
		return md;
	md = EVP_MD_fetch(NULL, alg_names[alg], NULL);
	if (!md)
		die("EVP_MD_fetch");
	/* Another thread was first: use that one. */
	if (!atomic_compare_exchange_strong(&fetched[alg], &other, md)) {
		EVP_MD_free(md);
		md = other;
	}
	return md;
}

struct digest *digest_new(enum digest_alg alg)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->alg = alg;
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || EVP_DigestInit_ex2(d->ctx, fetch(alg), NULL) != 1)
		die("EVP_DigestInit_ex2");
	return d;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void digest_update(struct digest *d, const void *data, size_t len)
{
	if (EVP_DigestUpdate(d->ctx, data, len) != 1)
		die("EVP_DigestUpdate");
}

static void write_text(enum digest_alg alg, const unsigned char *bytes, size_t n, char *text)
{
	static const char hex[] = "0123456789abcdef";
	char *to = stpcpy(text, alg_names[alg]);

	*to++ = ':';
	for (size_t i = 0; i < n; i++) {
		*to++ = hex[bytes[i] >> 4];
		*to++ = hex[bytes[i] & 15];
	}
	*to = '\0';
}

void digest_final(struct digest *d, char text[DIGEST_TEXT_SIZE])
{
	unsigned char bytes[DIGEST_MAX_BYTES];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(d->ctx, bytes, &n) != 1)
		die("EVP_DigestFinal_ex");
	write_text(d->alg, bytes, n, text);
}

void digest_final_bytes(struct digest *d, uint8_t *ret)
{
	if (EVP_DigestFinal_ex(d->ctx, ret, NULL) != 1)
		die("EVP_DigestFinal_ex");
}

void digest_bytes_of(enum digest_alg alg, const void *data, size_t len, uint8_t *ret)
{
	if (EVP_Digest(data, len, ret, NULL, fetch(alg), NULL) != 1)
		die("EVP_Digest");
}

void digest_of(enum digest_alg alg, const void *data, size_t len, char text[DIGEST_TEXT_SIZE])
{
	unsigned char bytes[DIGEST_MAX_BYTES];
	unsigned n = 0;

	if (EVP_Digest(data, len, bytes, &n, fetch(alg), NULL) != 1)
		die("EVP_Digest");
	write_text(alg, bytes, n, text);
}
