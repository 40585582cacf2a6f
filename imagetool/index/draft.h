/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An index (or Docker's manifest list) of the store while it is changed.  What is
 * changed becomes a new document: its digest is another one, the name moves over.
 */
#ifndef IMAGETOOL_INDEX_DRAFT_H
#define IMAGETOOL_INDEX_DRAFT_H

#include "imagetool/store/store.h"
#include "libutil/strv.h"

#define INDEX_ENTRIES_MAX 4096

struct index_draft {
	struct arena arena; /* owns what doc points to */
	struct image_index doc;
	size_t cap;
};

enum index_format { INDEX_OCI, INDEX_DOCKER };

/* Empty. */
void index_draft_init(struct index_draft *d, enum index_format format);
void index_draft_done(struct index_draft *d);
AUTO_DEFINE_DONE(index_draft, index_draft_done)

/* From the bytes of one.  `d` must be zeroed. */
int index_draft_decode(struct index_draft *d, const char *text, size_t len, struct err *e);
void index_draft_encode(const struct index_draft *d, struct strbuf *out);

/* What a person says about an entry; NULL and empty: nothing. */
struct index_notes {
	const char *os, *arch, *variant, *os_version;
	const struct strv *os_features;
	const struct strv *annotations; /* KEY=VALUE; KEY= takes it away */
};
bool index_notes_are_empty(const struct index_notes *n);

/* Add a copy of the descriptor, in place of one of the same digest.  Returns its position. */
int index_draft_add(struct index_draft *d, const struct image_descriptor *desc, struct err *e);
/* The entry with this digest, or the only one that begins so (at least 4 hex digits). */
int index_draft_find(const struct index_draft *d, const char *digest, struct err *e);
void index_draft_remove(struct index_draft *d, size_t i);
int index_draft_note(struct index_draft *d, size_t i, const struct index_notes *notes,
		     struct err *e);
/* Annotations of the index itself; a platform is none of its affairs. */
int index_draft_note_itself(struct index_draft *d, const struct index_notes *notes, struct err *e);

/* The index of this name.  `d` must be zeroed. */
int index_draft_load(const struct store *s, const char *name, struct index_draft *d, struct err *e);
/* Give the name to it. */
int index_draft_save(struct store *s, const char *name, const struct index_draft *d,
		     char ret_digest[DIGEST_TEXT_SIZE], struct err *e);

#endif
