/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of referrers where the registry keeps none: an index in a tag that is
 * named after the subject's digest, which every client that writes keeps up to date.
 */
#ifndef IMAGETOOL_REGISTRY_REFERRERS_TAG_H
#define IMAGETOOL_REGISTRY_REFERRERS_TAG_H

#include "imagetool/registry/publish.h"
#include "libutil/json.h"

#define REFERRERS_TAG_SIZE 128

/* "sha256-<hex>" */
void referrers_tag_name(const char *digest, char ret[REFERRERS_TAG_SIZE]);

/* What a manifest says about itself and its subject.  Points into an arena and the manifest. */
struct referrer {
	const char *media_type, *digest;
	int64_t size;
	const char *artifact_type;      /* NULL: none */
	const struct json *annotations; /* NULL: none */
	const char *subject;            /* digest; NULL: it has none */
};

int referrer_describe(const struct manifest_put *m, struct arena *a, struct referrer *ret,
		      struct err *e);

/* The index `text` (NULL: there is none yet) with `add` (or NULL) and without the entry of digest
 * `drop` (or NULL); the other entries stay as they are.  Pure.  1: it changed; 0: it did not. */
int referrers_index_edit(const char *text, size_t len, const struct referrer *add, const char *drop,
			 struct strbuf *out, struct err *e);

int referrers_tag_add(struct registry *r, const struct referrer *referrer, struct err *e);
int referrers_tag_remove(struct registry *r, const char *subject, const char *digest,
			 struct err *e);

#endif
