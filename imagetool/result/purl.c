/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/purl.h"

#include "libutil/alloc.h"
#include "oci-spec/image_spec.h"

void purl_escape(struct strbuf *out, const char *text, const char *keep)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		    strchr("-._~", c) || strchr(keep, c))
			strbuf_addc(out, *text);
		else
			strbuf_addf(out, "%%%02X", c);
	}
}

static void add_name(const struct image_reference *ref, struct strbuf *out)
{
	const char *repository = ref->repository;

	if (!streq(ref->registry, "docker.io")) {
		purl_escape(out, ref->registry, "");
		strbuf_addc(out, '/');
	} else if (starts_with(repository, "library/")) {
		repository += strlen("library/");
	}
	purl_escape(out, repository, "/");
}

bool purl_image(const char *type, const char *name, const struct platform *platform,
		struct strbuf *out)
{
	auto_(image_reference) struct image_reference ref = { 0 };
	char text[PLATFORM_TEXT_SIZE];

	if (reference_parse(name, &ref, NULL) < 0)
		return false;
	strbuf_addf(out, "pkg:%s/", type);
	add_name(&ref, out);
	if (ref.tag || !ref.digest) {
		strbuf_addc(out, '@');
		purl_escape(out, ref.tag ? ref.tag : "latest", "");
	}
	strbuf_addc(out, '?');
	if (ref.digest)
		strbuf_addf(out, "digest=%s&", ref.digest);
	strbuf_adds(out, "platform=");
	purl_escape(out, platform_text(platform, text), "");
	return true;
}
