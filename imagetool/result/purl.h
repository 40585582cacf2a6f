/* SPDX-License-Identifier: Apache-2.0 */
/* Images and packages as package URLs. */
#ifndef IMAGETOOL_RESULT_PURL_H
#define IMAGETOOL_RESULT_PURL_H

#include "imagetool/platform.h"
#include "libutil/strbuf.h"

/* `text`, with what is neither a letter, a digit, one of "-._~" nor in `keep` as %XX. */
void purl_escape(struct strbuf *out, const char *text, const char *keep);
/*
 * "pkg:docker/user/app@1.0?platform=linux%2Famd64": Docker Hub goes without its name.  A digest is
 * a qualifier; without one a tag that was left out is "latest".  `type` is "docker", or "oci" for
 * images of this machine.  false: `name` is no reference, and nothing was written.
 */
bool purl_image(const char *type, const char *name, const struct platform *platform,
		struct strbuf *out);

#endif
