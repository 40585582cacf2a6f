/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements about files, as files beside them: provenance.json, sbom.spdx.json.
 *
 * Their subjects are all regular files of the tree, by path and digest.  Where the tree has a file
 * of that name it is the statement that is found there, as BuildKit has it.
 */
#ifndef IMAGETOOL_RESULT_BESIDE_H
#define IMAGETOOL_RESULT_BESIDE_H

#include "imagetool/result/result.h"
#include "imagetool/tar/write.h"

struct beside {
	struct result_statements statements; /* what may lie there; borrowed */
	const char *prefix;                  /* of names; NULL: none */
	const char *platform; /* "linux_amd64", in names where several are in one place; NULL */
	const char *dir;      /* in an archive; NULL: none */
	int64_t time;
};

/* Is there one?  Statements for images only are none. */
bool beside_any(const struct result_statements *s);
/* `rootfd` is the tree, borrowed. */
int beside_to_dir(const struct beside *b, int rootfd, const char *dir, struct err *e);
int beside_to_tar(const struct beside *b, int rootfd, struct tar_writer *w, struct err *e);

#endif
