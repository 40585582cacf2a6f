/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to say about an image, read through its source: nothing but manifest
 * and config is fetched.  The members are docker's and skopeo's, so that scripts and
 * templates written for either find theirs.
 */
#ifndef IMAGETOOL_VERB_DESCRIBE_H
#define IMAGETOOL_VERB_DESCRIBE_H

#include "imagetool/copy/source.h"

struct described {
	struct arena arena;
	struct registry_document top;      /* what the name stands for */
	struct registry_document manifest; /* of the platform; the same without an index */
	const struct image_manifest *doc;
	const struct image_config *config; /* NULL: an artifact */
	const char *config_text;           /* also of an artifact, when it was asked for */
	size_t config_len;
};

/* Down to the manifest of the platform (NULL: this machine's), and its config. */
int describe_read(struct image_source *s, const struct platform *platform, struct described *ret,
		  struct err *e);
/* The config of whatever kind, for who wants its bytes. */
int describe_read_config(struct image_source *s, struct described *d, struct err *e);
void described_done(struct described *d);
AUTO_DEFINE_DONE(described, described_done)

/* Names it has, and tags of its repository; either may be empty. */
struct describe_names {
	struct strv names, tags;
	const char *index; /* digest of the index it was chosen from, or NULL */
};

int describe_write(const struct described *d, const char *name, const struct describe_names *names,
		   struct json_writer *w, struct err *e);

/* Of config and layers as they are stored; -1 when the manifest is absurd. */
int64_t describe_size(const struct image_manifest *m);

#endif
