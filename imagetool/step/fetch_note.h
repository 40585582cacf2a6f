/* SPDX-License-Identifier: Apache-2.0 */
/* What a fetch found, as text for a record: it is read again when the same is asked for. */
#ifndef IMAGETOOL_STEP_FETCH_NOTE_H
#define IMAGETOOL_STEP_FETCH_NOTE_H

#include "imagetool/step/fetch.h"

/* Owned. */
char *fetch_note_http(const struct fetch_http_facts *f) MALLOC_LIKE;
char *fetch_note_git(const struct fetch_git_facts *f) MALLOC_LIKE;
/* -EBADMSG for what is no such note; *ret is untouched then. */
int fetch_note_read_http(const char *note, struct fetch_http_facts *ret);
int fetch_note_read_git(const char *note, struct fetch_git_facts *ret);

#endif
