/* SPDX-License-Identifier: Apache-2.0 */
/* Digests as text: nothing else may become part of a path or an URL (CVE-2024-3727). */
#include <errno.h>

#include "oci-spec/image_spec.h"

static const struct {
	const char *prefix;
	size_t hex_digits;
} algorithms[] = {
	{ "sha256:", 64 },
	{ "sha512:", 128 },
};

int digest_check(const char *digest, struct err *e)
{
	char clipped[CLIP_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		size_t want = algorithms[i].hex_digits;
		const char *hex;

		if (!starts_with(digest, algorithms[i].prefix))
			continue;
		hex = digest + strlen(algorithms[i].prefix);
		if (strspn(hex, "0123456789abcdef") == want && !hex[want])
			return 0;
		return err_set(
			e, EINVAL, "digest '%s': expected %zu lower-case hex digits after '%s'",
			clip_text(clipped, digest, strlen(digest)), want, algorithms[i].prefix);
	}
	return err_set(e, EINVAL, "digest '%s': expected sha256:HEX or sha512:HEX",
		       clip_text(clipped, digest, strlen(digest)));
}

const char *digest_hex(const char *digest)
{
	return strchr(digest, ':') + 1;
}
