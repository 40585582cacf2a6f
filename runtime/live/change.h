/* SPDX-License-Identifier: Apache-2.0 */
/* What mounts.c and devices.c share: the container found and locked, and how a change ends. */
#ifndef RUNTIME_LIVE_CHANGE_H
#define RUNTIME_LIVE_CHANGE_H

#include "runtime/container/container.h"
#include "runtime/live/live.h"

struct live_change {
	struct store *store;
	struct container container;
	struct runtime_spec *spec; /* its own document; linux_ is never NULL */
};
/* What is in the lists of a document: mounts or devices. */
struct live_kind {
	const char *name; /* "mount on" */
	size_t size;      /* of an item */
	size_t path;      /* offset of its path in the container, a const char * */
};

#define LIVE_CHANGE_NONE(s)                                                                        \
	{                                                                                          \
		.store = (s), .container = CONTAINER_NONE                                          \
	}

/* Find the container, which lives, and lock it. */
int live_begin(struct live_change *c, const struct live_request *req, struct err *e);
/* A document named on the command line; *ret_text is the caller's, *ret_name lives as long as
 * `file`. */
int live_read_file(const char *file, char **ret_text, size_t *ret_len, const char **ret_name,
		   struct err *e);
/* The place of the item with this path, list->n when there is none. */
size_t live_find(const struct live_kind *kind, const struct oci_array *list, const char *path);
/* Append copies; two with the same path would leave it open which of them `remove` means. */
int live_add(const struct live_kind *kind, struct oci_array *list, const struct oci_array *items,
	     struct arena *a, struct err *e);
/* Those of the same paths; what is not there is no error. */
void live_remove(const struct live_kind *kind, struct oci_array *list,
		 const struct oci_array *items);
/* The staged configuration is kept if `r` >= 0, with the record, else dropped.  Returns `r`, or why
 * it could not be kept. */
int live_end(const struct live_change *c, int r, struct err *e);

#endif
