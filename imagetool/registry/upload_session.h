/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An upload that is under way at the registry, remembered in a small file so that
 * the next run of the program goes on where this one was killed.  The file is
 * locked as long as an upload uses it: a second one of the same blob begins its own.
 *
 * What is read from it is not trusted more than an answer of the registry: the URL
 * is looked at in the same way, how much arrived is asked for.
 */
#ifndef IMAGETOOL_REGISTRY_UPLOAD_SESSION_H
#define IMAGETOOL_REGISTRY_UPLOAD_SESSION_H

#include "libutil/cleanup.h"
#include "libutil/err.h"
#include "libutil/strbuf.h"

#define UPLOAD_SESSION_NAME_SIZE 72

/* All zero but fd: not remembered. */
struct upload_session {
	int dirfd; /* not owned */
	int fd;    /* -1: not remembered */
	char name[UPLOAD_SESSION_NAME_SIZE];
};

/* `key` says registry, repository and digest.  *ret_location is owned: where the upload of an
 * earlier run goes on, NULL when there is none.  Never fails: what cannot be remembered is not. */
void upload_session_open(struct upload_session *s, int dirfd, const char *key, char **ret_location);
/* The upload goes on there. */
void upload_session_write(struct upload_session *s, const char *key, const char *location);
/* It ended: nothing to remember. */
void upload_session_forget(struct upload_session *s);
/* Let go; what was written stays. */
void upload_session_close(struct upload_session *s);

/* Remove what nobody came back for within the time after which registries forget, too. */
void upload_session_clean(int dirfd);

/* The file's content; pure. */
int upload_session_decode(const char *text, size_t len, const char *key, char **ret_location,
			  struct err *e);
void upload_session_encode(const char *key, const char *location, struct strbuf *out);

#endif
