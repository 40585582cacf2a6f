/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a build's Dockerfile and its main context come from, by docker's rules:
 *
 *     DIR          its Dockerfile, or what -f names; -f - is standard input, -f URL one out of the
 *                  network
 *     -            standard input: a Dockerfile without context, or a tar archive of a context
 *     git URL      a repository, with #REF:DIR
 *     http(s) URL  a tar archive, or a Dockerfile without context
 */
#ifndef IMAGETOOL_BUILD_INPUT_H
#define IMAGETOOL_BUILD_INPUT_H

#include "imagetool/build/options.h"
#include "imagetool/context/context.h"
#include "imagetool/dockerfile/dockerfile.h"
#include "imagetool/dockerfile/git_url.h"
#include "imagetool/layer/budget.h"
#include "imagetool/step/fetch_keys.h"
#include "imagetool/store/scratch.h"

enum input_kind { INPUT_DIR, INPUT_STDIN, INPUT_GIT, INPUT_HTTP };

struct input_time {
	bool is_known;
	int64_t seconds;
};

/* Of a context out of the network, for who says what an image was made of; texts are owned. */
struct build_origin {
	char *uri;                     /* "https://host/x.git#main"; NULL: of this machine */
	char *dir;                     /* of it; "": all */
	char digest[DIGEST_TEXT_SIZE]; /* of the file, or the commit */
	struct input_time time;        /* of the commit, or what the server says of the file */
};

struct build_input {
	enum input_kind kind;
	char *text; /* the Dockerfile */
	size_t len;
	char *name; /* what messages call it */

	/* The main context: a directory that is opened when it is needed, or open already; neither
	 * is a build without context. */
	char *dir;
	struct context *context;
	char *dockerfile;  /* below the context; NULL: it lies elsewhere */
	char *ignore_file; /* goes before .dockerignore; or NULL */
	struct ignore ignore;
	struct layer_budget budget;
	struct scratch scratch;
	struct build_origin origin;
};
#define BUILD_INPUT_NONE ((struct build_input){ .scratch = SCRATCH_NONE })

struct build_place {
	bool keep_git_dir; /* BUILDKIT_CONTEXT_KEEP_GIT_DIR */
	bool mtime_commit; /* SOURCE_DATE_EPOCH: files of a repository are as old as the commit */
	struct fetch_keys keys;
	const struct store *store;
	struct progress *progress;
	int cancelfd;
};

/* What the argument is; pure.  `git` is filled in for INPUT_GIT. */
int input_kind(const char *context, struct arena *a, enum input_kind *ret, struct git_url *git,
	       struct err *e);
/* The first bytes of a stream: a tar archive, compressed or not? */
bool input_is_archive(const void *data, size_t len);

/* Reads the Dockerfile. */
int input_open(struct build_input *in, const struct build_options *o, const struct build_place *at,
	       struct arena *a, struct err *e);
/* Opens the main context; *ret stays the input's. */
int input_context(struct build_input *in, const struct build_place *at, struct context **ret,
		  struct err *e);
/* --ignorefile, or NULL: can it be read? */
int input_check_ignore(const char *file, struct err *e);
/* What .dockerignore says, for the checks; in->ignore, texts in `a`. */
int input_ignore(struct build_input *in, struct arena *a, struct err *e);
/* How old the main context is. */
struct input_time input_context_time(const struct build_input *in);
void input_done(struct build_input *in);
AUTO_DEFINE_DONE(build_input, input_done)

#endif
