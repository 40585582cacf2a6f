/* SPDX-License-Identifier: Apache-2.0 */
/* COSE envelopes made here, with keys made here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "imagetool/errors.h"
#include "imagetool/sign/cbor.h"
#include "imagetool/sign/check.h"
#include "imagetool/sign/notation.h"

#define DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define TYPE   "application/vnd.oci.image.manifest.v1+json"

static const struct sign_subject subject = {
	.digest = DIGEST, .media_type = TYPE, .text = "manifest", .len = 8
};

struct signer {
	EVP_PKEY *key;
	X509 *cert;
	struct sign_trust *trust;
};

static void signer_done(struct signer *s)
{
	EVP_PKEY_free(s->key);
	X509_free(s->cert);
	sign_trust_free(s->trust);
}
AUTO_DEFINE_DONE(signer, signer_done)

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* Who signs his own certificate, and is trusted by it, as notation's test certificates are. */
static void make_signer(struct signer *s, EVP_PKEY *key)
{
	char path[] = "/tmp/creel-test-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	s->key = key;
	s->cert = X509_new();
	assert_true(s->key && s->cert && f);
	X509_set_version(s->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(s->cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(s->cert), -10);
	X509_gmtime_adj(X509_getm_notAfter(s->cert), 3600);
	X509_set_pubkey(s->cert, s->key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(s->cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)"signer", -1, -1, 0);
	X509_set_issuer_name(s->cert, X509_get_subject_name(s->cert));
	add_extension(s->cert, NID_key_usage, "critical,digitalSignature");
	add_extension(s->cert, NID_ext_key_usage, "codeSigning");
	assert_true(X509_sign(s->cert, s->key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(f, s->cert), 1);
	assert_int_equal(fclose(f), 0);
	s->trust = sign_trust_new();
	assert_int_equal(sign_trust_add_ca(s->trust, path, NULL), 0);
	assert_int_equal(unlink(path), 0);
}

/* ---- An envelope, and what may be wrong with it ---- */

struct envelope {
	int64_t alg;
	const char *hash;
	int64_t expiry; /* 0: none */
	bool expiry_critical;
	const char *critical; /* one more */
	const char *digest;   /* NULL: the subject's */
	bool break_signature;
	bool untagged;
};

static void encode_protected(const struct envelope *v, struct strbuf *out)
{
	size_t critical = 1 + v->expiry_critical + (v->critical != NULL);

	cbor_head(out, 5, 4 + (v->expiry != 0));
	cbor_head(out, 0, 1);
	cbor_head(out, v->alg < 0, (uint64_t)(v->alg < 0 ? -1 - v->alg : v->alg));
	cbor_head(out, 0, 2);
	cbor_head(out, 4, critical);
	cbor_text(out, NOTATION_SCHEME);
	if (v->expiry_critical)
		cbor_text(out, NOTATION_EXPIRY);
	if (v->critical)
		cbor_text(out, v->critical);
	cbor_head(out, 0, 3);
	cbor_text(out, NOTATION_PAYLOAD);
	cbor_text(out, NOTATION_SCHEME);
	cbor_text(out, NOTATION_X509);
	if (v->expiry) {
		cbor_text(out, NOTATION_EXPIRY);
		cbor_head(out, 6, 1);
		cbor_head(out, 0, (uint64_t)v->expiry);
	}
}

/* r and s behind one another. */
static size_t to_raw(const unsigned char *der, size_t len, size_t half, unsigned char *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);

	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half), (int)half);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half), (int)half);
	ECDSA_SIG_free(sig);
	return 2 * half;
}

static size_t sign(EVP_PKEY *key, const char *hash, const struct strbuf *data, unsigned char *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	unsigned char sig[1024];
	size_t len = sizeof(sig);

	assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, hash, NULL, NULL, key, NULL), 1);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, (unsigned char *)data->data, data->len), 1);
	EVP_MD_CTX_free(ctx);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		return to_raw(sig, len, (size_t)(EVP_PKEY_get_bits(key) + 7) / 8, out);
	memcpy(out, sig, len);
	return len;
}

static void encode(const struct signer *s, const struct envelope *v, struct strbuf *out)
{
	auto_(strbuf) struct strbuf protected = { 0 }, payload = { 0 }, input = { 0 };
	unsigned char sig[1024], *der = NULL;
	int der_len = i2d_X509(s->cert, &der);
	size_t sig_len;

	encode_protected(v, &protected);
	strbuf_addf(&payload,
		    "{\"targetArtifact\":{\"mediaType\":\"" TYPE
		    "\",\"digest\":\"%s\",\"size\":8}}",
		    v->digest ? v->digest : DIGEST);
	cbor_head(&input, 4, 4);
	cbor_text(&input, "Signature1");
	cbor_bytes(&input, protected.data, protected.len);
	cbor_bytes(&input, "", 0);
	cbor_bytes(&input, payload.data, payload.len);
	sig_len = sign(s->key, v->hash, &input, sig);
	sig[5] ^= v->break_signature;
	if (!v->untagged)
		cbor_head(out, 6, 18);
	cbor_head(out, 4, 4);
	cbor_bytes(out, protected.data, protected.len);
	cbor_head(out, 5, 1);
	cbor_head(out, 0, 33);
	cbor_head(out, 4, 1);
	cbor_bytes(out, der, (size_t)der_len);
	cbor_bytes(out, payload.data, payload.len);
	cbor_bytes(out, sig, sig_len);
	OPENSSL_free(der);
}

static int check(const struct signer *s, const struct envelope *v, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	auto_(sign_verdict) struct sign_verdict verdict = { 0 };
	int r;

	encode(s, v, &text);
	r = sign_check_cose(s->trust, &subject, text.data, text.len, &verdict, e);
	if (r >= 0)
		assert_string_equal(verdict.who, "certificate of CN=signer");
	else
		assert_null(verdict.who);
	return r;
}

/* ---- Tests ---- */

static void each_algorithm_with_the_key_that_belongs_to_it(void **state UNUSED)
{
	static const struct {
		const char *curve;
		unsigned bits;
		int64_t alg;
		const char *hash;
	} rows[] = {
		{ "P-256", 0, -7, "SHA256" },  { "P-384", 0, -35, "SHA384" },
		{ "P-521", 0, -36, "SHA512" }, { NULL, 2048, -37, "SHA256" },
		{ NULL, 3072, -38, "SHA384" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_(signer) struct signer s = { 0 };
		struct err e = { 0 };

		make_signer(&s,
			    rows[i].curve ? EVP_EC_gen(rows[i].curve) : EVP_RSA_gen(rows[i].bits));
		if (check(&s, &(struct envelope){ .alg = rows[i].alg, .hash = rows[i].hash }, &e) <
		    0)
			fail_msg("row %zu: %s", i, e.msg);
		/* The same signature, said to be by another algorithm. */
		assert_int_equal(
			check(&s,
			      &(struct envelope){ .alg = rows[(i + 1) % ARRAY_LEN(rows)].alg,
						  .hash = rows[i].hash },
			      &e),
			-IMAGE_EVERIFY);
	}
}

static void what_is_wrong_with_an_envelope_is_said(void **state UNUSED)
{
	static const struct {
		struct envelope v;
		const char *reason;
	} rows[] = {
		{ { .break_signature = true }, "not of this content" },
		{ { .digest = "sha256:22" }, "a signature of another image" },
		{ { .critical = "x" }, "critical header that is not known here: 'x'" },
		{ { .expiry = 1000, .expiry_critical = true }, "has expired" },
		{ { .expiry = 99999999999 }, "headers that must be critical" },
		{ { .expiry_critical = true }, "headers that must be critical" },
		{ { .untagged = true }, "no COSE_Sign1" },
		{ { .alg = -257 }, "none that notation allows" },
		{ { .alg = -8 }, "none that notation allows" },
	};
	auto_(signer) struct signer s = { 0 };

	make_signer(&s, EVP_EC_gen("P-256"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct envelope v = rows[i].v;
		struct err e = { 0 };

		v.alg = v.alg ? v.alg : -7;
		v.hash = "SHA256";
		assert_int_equal(check(&s, &v, &e), -IMAGE_EVERIFY);
		if (!strstr(e.msg, rows[i].reason))
			fail_msg("row %zu: %s", i, e.msg);
	}
	assert_int_equal(check(&s,
			       &(struct envelope){ .alg = -7,
						   .hash = "SHA256",
						   .expiry = 99999999999,
						   .expiry_critical = true },
			       NULL),
			 0);
}

static void a_certificate_has_its_time_and_its_name(void **state UNUSED)
{
	const struct envelope v = { .alg = -7, .hash = "SHA256" };
	auto_(signer) struct signer s = { 0 }, stranger = { 0 };
	struct err e = { 0 };

	make_signer(&s, EVP_EC_gen("P-256"));
	make_signer(&stranger, EVP_EC_gen("P-256"));
	sign_trust_set_time(s.trust, time(NULL) + 7200);
	assert_int_equal(check(&s, &v, &e), -IMAGE_EVERIFY);
	assert_non_null(strstr(e.msg, "expired"));
	sign_trust_set_time(s.trust, time(NULL) - 7200);
	assert_int_equal(check(&s, &v, &e), -IMAGE_EVERIFY);
	sign_trust_set_time(s.trust, 0);
	sign_trust_add_identity(s.trust, "CN=other");
	assert_int_equal(check(&s, &v, &e), -IMAGE_EVERIFY);
	sign_trust_add_identity(s.trust, "CN=signer");
	assert_int_equal(check(&s, &v, &e), 0);
	/* The same name, another key. */
	sign_trust_free(s.trust);
	s.trust = stranger.trust;
	stranger.trust = NULL;
	assert_int_equal(check(&s, &v, &e), -IMAGE_EVERIFY);
}

static void no_byte_of_it_can_change(void **state UNUSED)
{
	auto_(signer) struct signer s = { 0 };
	auto_(strbuf) struct strbuf text = { 0 };

	make_signer(&s, EVP_EC_gen("P-256"));
	encode(&s, &(struct envelope){ .alg = -7, .hash = "SHA256" }, &text);
	for (size_t i = 0; i < text.len; i++) {
		auto_(sign_verdict) struct sign_verdict v = { 0 };

		text.data[i] ^= 1;
		assert_int_equal(sign_check_cose(s.trust, &subject, text.data, text.len, &v, NULL),
				 -IMAGE_EVERIFY);
		text.data[i] ^= 1;
		assert_int_equal(sign_check_cose(s.trust, &subject, text.data, i, &v, NULL),
				 -IMAGE_EVERIFY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_algorithm_with_the_key_that_belongs_to_it),
		cmocka_unit_test(what_is_wrong_with_an_envelope_is_said),
		cmocka_unit_test(a_certificate_has_its_time_and_its_name),
		cmocka_unit_test(no_byte_of_it_can_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
