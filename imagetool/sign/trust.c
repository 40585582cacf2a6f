/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/sign/trust.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "imagetool/sign/trust_internal.h"
#include "libutil/alloc.h"
#include "libutil/file.h"

struct sign_trust *sign_trust_new(void)
{
	return xcalloc(1, sizeof(struct sign_trust));
}

void sign_trust_free(struct sign_trust *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_keys; i++) {
		EVP_PKEY_free(t->keys[i].key);
		free(t->keys[i].name);
	}
	free(t->keys);
	X509_STORE_free(t->authorities);
	strv_done(&t->identities);
	free(t);
}

void sign_trust_add_identity(struct sign_trust *t, const char *identity)
{
	strv_add(&t->identities, identity);
}

void sign_trust_set_time(struct sign_trust *t, time_t now)
{
	t->now = now;
}

time_t sign_trust_time(const struct sign_trust *t)
{
	return t->now ? t->now : time(NULL);
}

static int read_pem(const char *path, BIO **ret, char **ret_text, struct err *e)
{
	const char *name;
	size_t len = 0;
	int r = file_read_named(path, SIGN_FILE_MAX, ret_text, &len, &name, e);

	if (r < 0)
		return r;
	*ret = BIO_new_mem_buf(*ret_text, (int)len);
	return *ret ? 0 : err_set(e, ENOMEM, "'%s': no memory", path);
}

/* ---- Keys ---- */

/* What is too weak to say anything is refused when it is given, not when it is used. */
int sign_key_check(EVP_PKEY *key, struct err *e)
{
	int bits = EVP_PKEY_get_bits(key);
	char group[64] = "";

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		return 0;
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		return bits >= 2048 && bits <= 16384
			       ? 0
			       : err_set(e, EINVAL,
					 "an RSA key of %d bits, 2048 or more are needed", bits);
	case EVP_PKEY_EC:
		(void)EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
		if (streq(group, "prime256v1") || streq(group, "secp384r1") ||
		    streq(group, "secp521r1"))
			return 0;
		return err_set(e, EINVAL,
			       "a key on the curve '%s', P-256, P-384 or P-521 are known", group);
	default:
		return err_set(e, EINVAL, "a key that is none of RSA, ECDSA and Ed25519");
	}
}

int sign_trust_add_key(struct sign_trust *t, const char *path, struct err *e)
{
	autofree char *text = NULL;
	BIO *bio = NULL;
	EVP_PKEY *key;
	int r = read_pem(path, &bio, &text, e);

	if (r < 0)
		return err_wrap(e, r, "key");
	key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (!key)
		return err_set(e, EINVAL, "key '%s': it is no public key in PEM", path);
	r = sign_key_check(key, e);
	if (r < 0) {
		EVP_PKEY_free(key);
		return err_wrap(e, r, "key '%s'", path);
	}
	t->keys = xreallocarray(t->keys, t->n_keys + 1, sizeof(*t->keys));
	t->keys[t->n_keys++] = (struct trusted_key){ key, xstrdup(path) };
	return 0;
}

/* ---- Authorities ---- */

int sign_trust_add_ca(struct sign_trust *t, const char *path, struct err *e)
{
	autofree char *text = NULL;
	BIO *bio = NULL;
	X509 *cert;
	size_t n = 0;
	int r = read_pem(path, &bio, &text, e);

	if (r < 0)
		return err_wrap(e, r, "authority");
	if (!t->authorities)
		t->authorities = X509_STORE_new();
	while (t->authorities && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		n += X509_STORE_add_cert(t->authorities, cert) == 1;
		X509_free(cert);
	}
	BIO_free(bio);
	ERR_clear_error();
	return n ? 0 : err_set(e, EINVAL, "authority '%s': no certificate in PEM is in it", path);
}
