/* SPDX-License-Identifier: Apache-2.0 */
/* What a build's input takes out of the network, into a directory of the build's own. */
#ifndef IMAGETOOL_BUILD_INPUT_FETCH_H
#define IMAGETOOL_BUILD_INPUT_FETCH_H

#include "imagetool/build/input.h"
#include "imagetool/graph/vertex.h"

/* The tree of a repository as a directory; *ret (owned) is its path.  `origin` was empty. */
int input_fetch_git(const struct git_url *url, const struct build_place *at, struct scratch *s,
		    struct build_origin *origin, char **ret, struct err *e);
/* One file, open for reading. */
int input_fetch_http(const char *url, const struct build_place *at, struct scratch *s,
		     struct build_origin *origin, struct err *e);
/* The same of a Dockerfile, which is no larger than those are. */
int input_fetch_dockerfile(const char *url, const struct build_place *at, struct scratch *s,
			   struct err *e);
/* When a VERTEX_GIT was committed, a VERTEX_HTTP changed. */
int input_fetch_time(const struct vertex *v, const struct build_place *at, struct input_time *ret,
		     struct err *e);

/* input_time.c: that of the newest regular file in a tar archive, compressed or not; not known when
 * it is no archive. */
struct input_time input_archive_time(int fd);

#endif
