/* SPDX-License-Identifier: Apache-2.0 */
/* References and digests: both forms of a reference name the same image, and no part can leave a
 * path. */
#include <stdint.h>
#include <stdlib.h>

#include "oci-spec/image_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const char *text, const char *full)
{
	auto_(image_reference) struct image_reference r = { 0 };
	autofree char *again = NULL;

	if (reference_parse(text, &r, NULL) < 0)
		abort();
	again = reference_text(&r);
	if (!streq(again, full))
		abort();
}

/* The parts become parts of URLs and paths. */
static void check_harmless(const struct image_reference *r)
{
	static const char legal[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]";

	if (r->registry[strspn(r->registry, legal)] || strstr(r->repository, "..") ||
	    strstr(r->repository, "//") || r->repository[0] == '/')
		abort();
	if (r->tag && (strchr(r->tag, '/') || r->tag[0] == '.'))
		abort();
	if (r->digest && digest_check(r->digest, NULL) < 0)
		abort();
}

static void check_reference(const char *text)
{
	auto_(image_reference) struct image_reference r = { 0 };
	autofree char *full = NULL, *familiar = NULL;
	struct err e = { 0 };

	if (reference_parse(text, &r, &e) < 0) {
		if (!e.code || !starts_with(e.msg, "image reference '"))
			abort();
		return;
	}
	check_harmless(&r);
	full = reference_text(&r);
	familiar = reference_familiar(&r);
	check_same(full, full);
	check_same(familiar, full);
}

static void check_digest(const char *text)
{
	struct err e = { 0 };
	size_t len;

	if (digest_check(text, &e) < 0) {
		if (!e.code || !e.msg[0])
			abort();
		return;
	}
	len = strlen(digest_hex(text));
	if ((len != 64 && len != 128) || strspn(digest_hex(text), "0123456789abcdef") != len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = xstrndup((const char *)data, size);

	check_reference(text);
	check_digest(text);
	(void)media_type_parse(text, NULL, NULL);
	return 0;
}
