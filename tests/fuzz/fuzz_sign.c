/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of strangers, and policies about them; the first byte says which form.  Nobody is
 * trusted, so none may hold. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imagetool/copy/policy.h"
#include "imagetool/sign/cbor.h"
#include "imagetool/sign/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sign_subject subject = {
	.digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000",
	.media_type = "application/vnd.oci.image.manifest.v1+json",
	.text = "{}",
	.len = 2,
};

static void read_cbor(const uint8_t *data, size_t size)
{
	auto_(arena) struct arena a = { 0 };
	struct cbor *c = NULL;
	struct err e = { 0 };

	if (cbor_parse(data, size, &a, &c, &e) < 0 && !e.code)
		abort();
	if (c && cbor_get_text(c, "x") && c->kind != CBOR_MAP)
		abort();
}

/* What asks for keys opens files, which is not for here. */
static void read_policy(const char *text, size_t len)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	auto_(policy) struct policy p = { 0 };
	struct err e = { 0 };

	if (strstr(text, "keyPath") || strchr(text, '\\'))
		return;
	if (reference_parse("a.test:5/b/c:1", &ref, NULL) < 0)
		abort();
	if (policy_parse("policy", text, len, &ref, &p, &e) < 0 ? !e.code : !p.n)
		abort();
}

static int check(const struct sign_trust *t, int form, const char *text, size_t len,
		 struct sign_verdict *v, struct err *e)
{
	const struct sign_chain none = { 0 };
	const struct sign_simple simple = { .payload = "{}", .len = 2, .signature = text };

	switch (form) {
	case 'c':
		return sign_check_cose(t, &subject, text, len, v, e);
	case 'j':
		return sign_check_jws(t, &subject, text, len, v, e);
	case 'b':
		return sign_check_bundle(t, &subject, text, len, v, e);
	case 'd':
		return sign_check_dsse(t, &subject, text, len, &none, v, e);
	default:
		return sign_check_simple(t, &subject, &simple, v, e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_(sign_trust) struct sign_trust *t = sign_trust_new();
	auto_(sign_verdict) struct sign_verdict v = { 0 };
	autofree char *text = xcalloc(size + 1, 1);
	struct err e = { 0 };

	if (!size)
		return 0;
	memcpy(text, data + 1, size - 1);
	read_cbor(data + 1, size - 1);
	if (data[0] == 'p')
		read_policy(text, size - 1);
	if (check(t, data[0], text, size - 1, &v, &e) >= 0 || v.who || !e.code)
		abort();
	return 0;
}
