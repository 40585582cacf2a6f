/* SPDX-License-Identifier: Apache-2.0 */
/* The images of a store as rows: what is known of each, which are wanted, in which order. */
#ifndef IMAGETOOL_VERB_LIST_ROWS_H
#define IMAGETOOL_VERB_LIST_ROWS_H

#include "imagetool/platform.h"
#include "imagetool/store/image.h"
#include "libutil/strv.h"

struct list_row {
	const struct image_descriptor *desc;
	const char *name, *digest, *id; /* id NULL: there is none */
	char platform[PLATFORM_TEXT_SIZE];
	const char *created; /* or NULL */
	int64_t size;        /* of config and layers; -1 when it cannot be known */
	struct image image;  /* loaded for the above */
};

struct list_rows {
	struct arena arena;
	struct list_row *items; /* owned */
	size_t n;
};
void list_rows_done(struct list_rows *r);
AUTO_DEFINE_DONE(list_rows, list_rows_done)

/* All of them, in the order of index.json.  `shallow`: what that says, no image is read. */
int list_rows_read(const struct store *s, bool shallow, struct list_rows *ret, struct err *e);

/* ---- list_filter.c ---- */

struct list_filters {
	struct strv references, labels; /* all of a kind: any reference, every label */
	const char *before, *since;     /* images */
	bool dangling_set, dangling;
};
/* Can it be told without reading images? */
bool list_filters_shallow(const struct list_filters *f);
void list_filters_done(struct list_filters *f);

/* "reference=nginx*", "label=key=value", "dangling=true"... */
int list_filter_parse(struct list_filters *f, const char *text, struct err *e);
/* Keep what passes. */
int list_filter(const struct store *s, struct list_rows *rows, const struct list_filters *f,
		struct err *e);

enum list_order { LIST_AS_STORED, LIST_BY_CREATED, LIST_BY_NAME, LIST_BY_SIZE };
void list_sort(struct list_rows *rows, enum list_order order);

#endif
