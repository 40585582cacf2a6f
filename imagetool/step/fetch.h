/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources out of the network, for ADD and for contexts: one file by http(s), a tree by git.
 *
 * First an identity is found, for cache keys: of a file the digest of its content, of a repository
 * the commit.  Nothing that a server says becomes a path or an option: the file's name is the
 * vertex's, refs and URLs are checked before git sees them, and git runs without anybody's
 * configuration, hooks and prompts.
 */
#ifndef IMAGETOOL_STEP_FETCH_H
#define IMAGETOOL_STEP_FETCH_H

#include <sys/types.h>
#include <time.h>

#include "imagetool/graph/vertex.h"
#include "imagetool/step/fetch_keys.h"
#include "libutil/digest.h"
#include "libutil/err.h"

#define FETCH_COMMIT_SIZE 65                 /* SHA-1 or SHA-256 in hex, NUL */
#define FETCH_HTTP_MAX    ((int64_t)1 << 40) /* bytes of one file */

/* What it writes for people, any bytes; on the caller's thread. */
typedef void fetch_log_fn(void *ctx, const void *data, size_t len);
/* Bytes so far; total is -1 when not known. */
typedef void fetch_progress_fn(void *ctx, int64_t current, int64_t total);

struct fetch_opts {
	int cancelfd;    /* when it becomes readable: -EINTR; -1: none */
	bool guard;      /* the URL is a stranger's: addresses of this machine are refused, as
			  * they are for redirects of every other machine */
	const char *ca;  /* certificates beside the system's, PEM; or NULL */
	int64_t max;     /* bytes of a file; 0: FETCH_HTTP_MAX */
	int silence_ms;  /* of git, after which its server counts as gone; 0: two minutes */
	const char *git; /* the program; NULL: in PATH */
	const struct fetch_keys *keys; /* for who asks who we are; NULL: none */
	fetch_log_fn *log;             /* may be NULL */
	fetch_progress_fn *progress;   /* may be NULL */
	void *ctx;                     /* of both */
};

/* ---- One file ---- */

/* What is known about an URL, from an answer of its server; texts are owned. */
struct fetch_http_facts {
	char *etag;          /* as the server wrote it, or NULL */
	char *last_modified; /* the header's text, or NULL */
	bool has_mtime;
	struct timespec mtime;         /* of Last-Modified */
	char digest[DIGEST_TEXT_SIZE]; /* of the content; "": not known */
	int64_t size;
};

void fetch_http_facts_done(struct fetch_http_facts *f);
AUTO_DEFINE_DONE(fetch_http_facts, fetch_http_facts_done)

/*
 * The file `h->filename` below `dirfd`: mode 0600, of this process's user, with the server's time
 * or 1970's.  `known` (may be NULL) is what an earlier fetch found: returns 1 when it is still so,
 * and then nothing was written and *ret is a copy of it; else 0.  h->checksum must fit (-EBADMSG).
 */
int fetch_http(const struct vertex_http *h, const struct fetch_opts *opts,
	       const struct fetch_http_facts *known, int dirfd, struct fetch_http_facts *ret,
	       struct err *e);

/* ---- A repository ---- */

struct fetch_git_facts {
	char commit[FETCH_COMMIT_SIZE]; /* what is checked out */
	char object[FETCH_COMMIT_SIZE]; /* what the ref names: the commit, or an annotated tag */
	char *ref;                      /* in full, "refs/heads/main"; owned; NULL: a bare commit */
};

void fetch_git_facts_done(struct fetch_git_facts *f);
AUTO_DEFINE_DONE(fetch_git_facts, fetch_git_facts_done)

/* The commit that the ref names now; asks the remote unless the ref is one. */
int fetch_git_resolve(const struct vertex_git *g, const struct fetch_opts *opts,
		      struct fetch_git_facts *ret, struct err *e);
/* The working tree of that commit, or g->subdir of it, into the empty directory `dirfd`. `workfd`
 * is a directory for what is only needed meanwhile, on any file system. *ret_time (may be NULL) is
 * when the commit was made: its committer's seconds. */
int fetch_git(const struct vertex_git *g, const struct fetch_git_facts *facts,
	      const struct fetch_opts *opts, int workfd, int dirfd, int64_t *ret_time,
	      struct err *e);
/* When that commit was made, without its tree. */
int fetch_git_time(const struct vertex_git *g, const struct fetch_git_facts *facts,
		   const struct fetch_opts *opts, int workfd, int64_t *ret, struct err *e);

#endif
