/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an archive's members became: blobs of the store, texts, or links to one
 * another.  Names are the archive's and mean nothing outside this table.
 */
#ifndef IMAGETOOL_ARCHIVE_MEMBERS_H
#define IMAGETOOL_ARCHIVE_MEMBERS_H

#include <stdint.h>

#include "libutil/cleanup.h"
#include "libutil/digest.h"
#include "libutil/err.h"
#include "oci-spec/image_spec.h"

#define MEMBERS_MAX ((size_t)1 << 16)

enum member_kind { MEMBER_BLOB, MEMBER_TEXT, MEMBER_LINK };

struct member {
	char *name; /* owned, clean and relative */
	enum member_kind kind;
	char digest[DIGEST_TEXT_SIZE];      /* BLOB */
	int64_t size;                       /* BLOB */
	int64_t offset;                     /* BLOB: in the file, for archives read in place */
	enum layer_compression compression; /* BLOB: what it looks like */
	char *text;                         /* TEXT: content; LINK: name of the target; owned */
	size_t len;
};

struct members {
	struct member *items; /* owned */
	size_t n, cap;
};

void members_done(struct members *m);
AUTO_DEFINE_DONE(members, members_done)

/* Takes what `item` owns, also on failure.  A later member of a name replaces the earlier. */
int members_add(struct members *m, struct member *item, struct err *e);
/* By name, through links; NULL when there is none, or only a loop. */
const struct member *members_find(const struct members *m, const char *name);
/* Make `m`, which has its name, a link to what a symlink or hardlink says. */
int member_set_link(struct member *m, bool symlink, const char *link, struct err *e);
/* Where a symlink at `name` leads inside the archive; NULL when it leads outside.  Owned. */
char *member_link_target(const char *name, const char *link);

#endif
