/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repositories as ADD and contexts name them:
 *
 *   https://host/path.git#ref:subdir          a fragment
 *   https://host/path.git?ref=R&subdir=D...   a query: ref, tag, branch, subdir, checksum (commit),
 *                                             keep-git-dir, submodules, mtime, fetch-by-commit
 *   ssh://, git://, user@host:path            the same
 *
 * Text only.  What git could take for an option or for something else than a ref is refused here.
 */
#ifndef IMAGETOOL_DOCKERFILE_GIT_URL_H
#define IMAGETOOL_DOCKERFILE_GIT_URL_H

#include "libutil/alloc.h"
#include "libutil/err.h"

#define GIT_URL_MAX 8192 /* bytes */

enum git_flag { GIT_FLAG_UNSET = -1, GIT_FLAG_NO, GIT_FLAG_YES };

struct git_url {
	const char *remote;   /* without fragment and query */
	const char *name;     /* last component of its path, without ".git" */
	const char *ref;      /* branch, tag or commit; "": the remote's HEAD */
	const char *subdir;   /* clean, relative; "": all of it */
	const char *checksum; /* hex digits, beginning of a commit's id; or NULL */
	enum git_flag keep_git_dir, submodules;
	bool mtime_commit;    /* files get the commit's time */
	bool fetch_by_commit; /* `checksum` is fetched, whatever `ref` names */
	bool looks_local;     /* "github.com/x/y", which contexts alone take for a repository */
	bool unencrypted;     /* http:// and git:// */
};

/* Returns 1; 0: it is no repository, but a path or an URL of something else; or what is wrong with
 * it.  Texts live in `a`. */
int git_url_parse(const char *text, struct arena *a, struct git_url *ret, struct err *e);

/* May it be given to git as a ref? */
int git_ref_check(const char *ref, struct err *e);
/* Forty or sixty-four hex digits. */
bool git_is_commit(const char *text);

#endif
