/* SPDX-License-Identifier: Apache-2.0 */
/* Where an image is or goes: one spelling for all verbs, which is skopeo's.  Pure. */
#ifndef IMAGETOOL_COPY_PLACE_H
#define IMAGETOOL_COPY_PLACE_H

#include "libutil/cleanup.h"
#include "libutil/err.h"

/* What stands before the colon, and what it is to people. */
#define PLACE_KINDS(X)                                                                             \
	X(REGISTRY, "docker", "docker://NAME", "a registry")                                       \
	X(OCI, "oci", "oci:DIR[:NAME]", "an OCI layout")                                           \
	X(OCI_ARCHIVE, "oci-archive", "oci-archive:FILE[:NAME]", "the same as a tar archive")      \
	X(DOCKER_ARCHIVE, "docker-archive", "docker-archive:FILE[:NAME|:@N]",                      \
	  "what docker save writes")                                                               \
	X(DIR, "dir", "dir:DIR", "the files of one image, as skopeo has it")                       \
	X(STORE, "creel", "creel:NAME", "the store; so is a name without a word before it")

enum place_kind {
#define X(kind, word, form, help) PLACE_##kind,
	PLACE_KINDS(X)
#undef X
};

struct place {
	enum place_kind kind;
	char *path; /* owned; of a file or directory; NULL for registries and the store */
	char *name; /* owned; reference, name in a layout, or NULL */
	int index;  /* docker-archive:FILE:@N; -1: not given */
};

int place_parse(const char *text, struct place *ret, struct err *e);
void place_done(struct place *p);
AUTO_DEFINE_DONE(place, place_done)

/* Does it begin with one of the words above?  Verbs of the store take other places, too. */
bool place_is_spelled_out(const char *text);

/* For --help: a line for each kind. */
struct strbuf;
void place_help(struct strbuf *out);

#endif
