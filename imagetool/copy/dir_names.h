/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the files in skopeo's dir. */
#ifndef IMAGETOOL_COPY_DIR_NAMES_H
#define IMAGETOOL_COPY_DIR_NAMES_H

#include <stdio.h>

#include "libutil/digest.h"
#include "oci-spec/image_spec.h"

#define DIR_MANIFEST     "manifest.json"
#define DIR_VERSION      "version"
#define DIR_VERSION_TEXT "Directory Transport Version: 1.1\n"
#define DIR_NAME_SIZE    (DIGEST_TEXT_SIZE + sizeof(".manifest.json"))

/* sha256 goes without its name, as it always did; the others have theirs in front. */
static inline int dir_blob_name(const char *digest, char buf[DIR_NAME_SIZE], struct err *e)
{
	int r = digest_check(digest, e);

	if (r < 0)
		return r;
	(void)snprintf(buf, DIR_NAME_SIZE, "%s%s", starts_with(digest, "sha512:") ? "sha512-" : "",
		       digest_hex(digest));
	return 0;
}

static inline int dir_manifest_name(const char *digest, char buf[DIR_NAME_SIZE], struct err *e)
{
	int r = dir_blob_name(digest, buf, e);

	if (r < 0)
		return r;
	(void)snprintf(buf + strlen(buf), DIR_NAME_SIZE - strlen(buf), ".manifest.json");
	return 0;
}

#endif
