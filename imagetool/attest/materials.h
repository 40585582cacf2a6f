/* SPDX-License-Identifier: Apache-2.0 */
/* What one image of a build was made of, as the graph says and as it was found when it was made. */
#ifndef IMAGETOOL_ATTEST_MATERIALS_H
#define IMAGETOOL_ATTEST_MATERIALS_H

#include "imagetool/attest/provenance.h"

struct material {
	const char *uri;
	const char *algorithm, *digest; /* NULL: not known */
};

struct secret_use {
	const char *id;
	bool optional; /* wherever it is used */
};

struct materials {
	bool *reached; /* for each vertex of the graph: is the image made of it? */
	/* Images, then repositories, then files, each kind by its URIs, each URI once. */
	struct material *items;
	size_t n;
	const char **locals; /* contexts of this machine, sorted; "dockerfile" among them */
	size_t n_locals;
	struct secret_use *secrets, *ssh; /* by id */
	size_t n_secrets, n_ssh;
	bool network;                   /* a step could reach one */
	const struct material *context; /* of a remote main one, or NULL */
};

/* All of `ret` is of `a`. */
void materials_gather(const struct provenance *p, struct arena *a, struct materials *ret);

#endif
